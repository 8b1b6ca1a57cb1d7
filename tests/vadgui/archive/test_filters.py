"""The ranking of an archive: what is typed and chosen above it, as a query, and room for the names of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from pytestqt.qtbot import QtBot

from engine.common.language import use_language
from vadgui.archive import ranking
from vadgui.archive.filters import FilterBar
from vadgui.archive.lists import ArchiveLists


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


@pytest.mark.usefixtures("german")
def test_german_names_of_columns_are_not_cut_off(qtbot: QtBot) -> None:
    lists = ArchiveLists()
    qtbot.addWidget(lists)
    lists.resize(1000, 300)
    lists.show()
    columns = lists.segments.horizontalHeader()
    assert all(columns.sectionSize(each) >= columns.sectionSizeHint(each) for each in range(columns.count()))


def test_in_a_wide_window_cameras_and_recordings_get_more_room(qtbot: QtBot) -> None:
    lists = ArchiveLists()
    qtbot.addWidget(lists)
    lists.resize(1000, 300)
    lists.show()
    qtbot.waitExposed(lists)
    table = lists.segments
    narrow = [table.columnWidth(each) for each in range(table.model().columnCount())]
    table.setColumnWidth(ranking.RECORDING, narrow[ranking.RECORDING] + 30)  # as if dragged
    lists.resize(1400, 300)
    wide = [table.columnWidth(each) for each in range(table.model().columnCount())]
    grown = [after - before for before, after in zip(narrow, wide, strict=True)]
    assert grown[ranking.CAMERA] == pytest.approx(80, abs=1)
    assert grown[ranking.RECORDING] == pytest.approx(160 + 30, abs=1)
    assert sum(wide) == table.viewport().width()
    lists.resize(1000, 300)
    assert table.columnWidth(ranking.RECORDING) == narrow[ranking.RECORDING] + 30
