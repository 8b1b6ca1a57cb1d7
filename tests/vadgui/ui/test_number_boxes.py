"""Numbers mean the same whatever language the system speaks; what might mean two is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from vadgui.dialogs.rate import ask_for_rate
from vadgui.timeline.header import TimelineHeader
from vadgui.ui.number_boxes import NumberBox, ScientificBox, WholeNumberBox, parse_number, parse_whole_number

ROOT = Path(__file__).parents[3]


@pytest.fixture(params=["en_US", "de_DE", "fr_FR", "de_CH", "ar_EG", "hi_IN"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield request.param
    QLocale.setDefault(before)


def typed(box: QDoubleSpinBox | QSpinBox, text: str, qtbot: QtBot) -> float:
    """The value after somebody has typed a text over what is there, and Enter."""
    box.selectAll()
    qtbot.keyClicks(box, text)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    return box.value()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2.5", 2.5),
        ("2,5", 2.5),
        ("0.125", 0.125),
        ("0,125", 0.125),
        ("12", 12),
        (".5", 0.5),
        ("3,", 3),
        ("1200", 1200),
    ],
)
def test_a_point_and_a_comma_both_begin_decimals(language: str, text: str, value: float, qtbot: QtBot) -> None:
    del language
    header = TimelineHeader()
    qtbot.addWidget(header)
    assert typed(header.alarms_box, text, qtbot) == pytest.approx(value)
    shown = header.alarms_box.cleanText()
    assert float(shown) == pytest.approx(value, rel=0.05)


@pytest.mark.parametrize("text", ["1.000", "1,000", "1.000,5", "1,000.5", "2.5.5", "2 5", "-", ",", "0.12345", "99999"])
def test_what_might_mean_two_numbers_or_none_leaves_the_value(language: str, text: str, qtbot: QtBot) -> None:
    del language
    box = NumberBox()
    box.setRange(0.001, 3600)
    box.setDecimals(3)
    box.setSuffix(" an hour")
    box.setValue(7.25)
    qtbot.addWidget(box)
    assert typed(box, text, qtbot) == 7.25
    assert box.text() == "7.250 an hour"


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.000", 1000), ("1,000", 1000), ("1000", 1000), ("12", 12), ("1.5", 7), ("1,5", 7), ("99999", 7), ("1.00", 7)],
)
def test_whole_numbers_take_groups_and_nothing_else(language: str, text: str, value: int, qtbot: QtBot) -> None:
    del language
    box = WholeNumberBox()
    box.setRange(0, 5000)
    box.setValue(7)
    qtbot.addWidget(box)
    assert typed(box, text, qtbot) == value


def test_every_number_field_of_the_window_is_one_of_these() -> None:
    sources = [path for path in (ROOT / "vadgui").rglob("*.py") if path.name != "number_boxes.py"]
    assert len(sources) > 50
    assert [path.name for path in sources if re.search(r"Q(Double)?SpinBox\b", path.read_text("utf-8"))] == []


@given(st.floats(0, 1e9), st.integers(0, 6))
def test_what_is_shown_is_read_back(value: float, decimals: int) -> None:
    shown = f"{value:.{decimals}f}"
    number = parse_number(shown)
    if decimals == 3 and 1 <= float(shown) < 1000:
        assert number is None  # 1.234 might be a thousand
    else:
        assert number == float(shown)


@given(st.integers(0, 10**12))
def test_whole_numbers_are_read_however_they_are_grouped(value: int) -> None:
    for grouped in (f"{value}", f"{value:,}", f"{value:,}".replace(",", "."), f"{value:,}".replace(",", "\u202f")):
        assert parse_whole_number(grouped) == value


@pytest.mark.usefixtures("language")
@pytest.mark.parametrize(("text", "fps"), [("12.5", 12.5), ("12,5", 12.5), ("23.976", 23.976), ("29,97", 29.97)])
def test_a_frame_rate_means_the_same_in_every_language(text: str, fps: float, qtbot: QtBot) -> None:
    parent, given = QWidget(), list[float]()
    qtbot.addWidget(parent)
    dialog = ask_for_rate(parent, 25.0, given.append)
    dialog.box.selectAll()
    qtbot.keyClicks(dialog.box, text)
    qtbot.keyClick(dialog.box, Qt.Key.Key_Return)
    assert given == [fps]


def test_a_frame_rate_that_might_mean_two_is_refused(qtbot: QtBot) -> None:
    parent, given = QWidget(), list[float]()
    qtbot.addWidget(parent)
    dialog = ask_for_rate(parent, 25.0, given.append)
    dialog.box.selectAll()
    qtbot.keyClicks(dialog.box, "1.000")
    qtbot.keyClick(dialog.box, Qt.Key.Key_Return)
    assert given == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2e-4", 2e-4),
        ("2E-4", 2e-4),
        ("2.5e-4", 2.5e-4),
        ("2,5e-4", 2.5e-4),
        ("0.0002", 2e-4),
        ("0,0002", 2e-4),
        ("20e-5", 2e-4),
        ("2e4", 1e-3),
        ("2e-", 1e-3),
        ("1.234", 1e-3),
        ("0", 1e-3),
        ("e", 1e-3),
        ("2e-9", 1e-3),
    ],
)
def test_small_numbers_are_typed_as_in_papers(language: str, text: str, value: float, qtbot: QtBot) -> None:
    """What is none, or out of range, leaves the number as it was."""
    del language
    box = ScientificBox(1e-6, 1e-2)
    qtbot.addWidget(box)
    box.setValue(1e-3)
    assert typed(box, text, qtbot) == pytest.approx(value)


@pytest.mark.parametrize(
    ("before", "key", "after"),
    [
        (2e-4, Qt.Key.Key_Up, "3e-4"),
        (9e-4, Qt.Key.Key_Up, "1e-3"),
        (2.5e-4, Qt.Key.Key_Up, "3e-4"),
        (1e-4, Qt.Key.Key_Down, "9e-5"),
        (2.5e-4, Qt.Key.Key_Down, "2e-4"),
        (1e-6, Qt.Key.Key_Down, "1e-6"),
        (1e-2, Qt.Key.Key_Up, "1e-2"),
    ],
)
def test_steps_of_small_numbers_change_the_first_digit(before: float, key: Qt.Key, after: str, qtbot: QtBot) -> None:
    box = ScientificBox(1e-6, 1e-2)
    qtbot.addWidget(box)
    box.setValue(before)
    qtbot.keyClick(box, key)
    assert box.text() == after
    assert box.value() == pytest.approx(float(after))
