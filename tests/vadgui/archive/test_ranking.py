"""A ranking of any length: only rows that are shown are read, and none twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.archive.searching import Hit, HitKey
from engine.review.document import Verdict
from vadgui.archive.ranking import VERDICT, RankingModel
from vadgui.archive.tables import OpeningTable

KEYS = [(number // 50, number % 50) for number in range(100_000)]


def hits(keys: Iterable[HitKey], verdict: Verdict = Verdict.UNREVIEWED) -> dict[HitKey, Hit]:
    return {key: made(key, verdict) for key in keys}


def made(key: HitKey, verdict: Verdict) -> Hit:
    recording, number = key
    return Hit(
        path=Path(f"/f/{recording}.mp4"), camera="north", number=number, start=0, stop=9, start_seconds=0.0,
        stop_seconds=1.0, start_time=None, peak_seconds=0.5, peak_score=3.0, reason="", box=None, verdict=verdict,
        verdict_reason="", note="", reviewer="", detector_name="", score="", threshold=None, fingerprint="",
        detector_fingerprint="", recording_id=recording,
    )  # fmt: skip


@pytest.fixture
def wanted() -> list[Sequence[HitKey]]:
    return []


@pytest.fixture
def model(wanted: list[Sequence[HitKey]], qapp: QApplication) -> RankingModel:
    made = RankingModel(qapp)
    made.wanted.connect(lambda keys: wanted.append(keys))
    return made


@pytest.fixture
def table(model: RankingModel, qtbot: QtBot) -> OpeningTable:
    table = OpeningTable("Segments", model, {}, {})
    qtbot.addWidget(table)
    table.resize(800, 400)
    table.show()
    qtbot.waitExposed(table)
    return table


def test_only_rows_on_screen_are_read(
    model: RankingModel, table: OpeningTable, wanted: list[Sequence[HitKey]], qtbot: QtBot
) -> None:
    model.show(KEYS)
    qtbot.waitUntil(lambda: len(wanted) == 1)
    assert wanted[0][0] == KEYS[0]
    assert len(wanted[0]) <= 128
    model.add(hits(wanted[0]))
    table.scrollToBottom()
    qtbot.waitUntil(lambda: len(wanted) == 2)
    assert wanted[1][-1] == KEYS[-1]
    assert len(wanted[1]) <= 128


def test_what_is_gone_is_not_asked_for_again_and_again(
    model: RankingModel, table: OpeningTable, wanted: list[Sequence[HitKey]], qtbot: QtBot
) -> None:
    model.show(KEYS[:10])
    qtbot.waitUntil(lambda: len(wanted) == 1)
    model.add(hits(KEYS[1:10]))
    qtbot.wait(100)
    table.viewport().repaint()
    qtbot.wait(50)
    assert len(wanted) == 1
    assert model.index(0, 0).data() is None


def test_rows_are_shown_as_they_were_until_they_are_read_anew(
    model: RankingModel, table: OpeningTable, wanted: list[Sequence[HitKey]], qtbot: QtBot
) -> None:
    del table
    model.show(KEYS[:10])
    qtbot.waitUntil(lambda: len(wanted) == 1)
    model.add(hits(wanted[0]))
    model.show(KEYS[:10])
    assert model.index(3, VERDICT).data() == "unreviewed"
    qtbot.waitUntil(lambda: len(wanted) == 2)
    model.add(hits(wanted[1], Verdict.CONFIRMED))
    assert model.index(3, VERDICT).data() == "confirmed"
    qtbot.wait(50)
    assert len(wanted) == 2
