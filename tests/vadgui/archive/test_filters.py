"""What is typed and chosen above the ranking of an archive, as a query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from pytestqt.qtbot import QtBot

from engine.common.language import use_language
from vadgui.archive.filters import FilterBar


@pytest.fixture
def german() -> Iterator[None]:
    use_language("de")
    yield
    use_language("en")


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(
    ("typed", "reasons"),
    [
        ("bewegung", ["rare motion there"]),
        ("dort seltene", ["rare motion there", "rare speed there"]),
        ("dort seltene Bewegung", ["rare motion there"]),
        ("Fahrrad", ["Fahrrad"]),
        (" ", []),
    ],
)
def test_a_part_of_a_translated_reason_asks_for_all_that_have_it(
    qtbot: QtBot, typed: str, reasons: Sequence[str]
) -> None:
    bar = FilterBar()
    qtbot.addWidget(bar)
    bar.show()
    bar.activateWindow()
    qtbot.waitExposed(bar)
    bar.offer(["north"], ["rare motion there", "rare speed there", "unusual looks"])
    field = bar.reason.lineEdit()
    assert field is not None
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    qtbot.keyClicks(field, typed)
    assert list(bar.query().reasons) == reasons
