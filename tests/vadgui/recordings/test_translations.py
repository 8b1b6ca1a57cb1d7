"""No text of the list of recordings is forgotten in another language."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from engine.review.document import Verdict
from engine.review.recording_list import AnalysisStage, FoundSegment, ListedRecording
from tests.vadgui.pseudo_language import is_translated, untranslated
from vadgui.recordings.controller import _added_words
from vadgui.recordings.model import RecordingModel, state_words
from vadgui.recordings.view import RecordingsView

pytestmark = pytest.mark.usefixtures("pseudo_language")

SEGMENTS = tuple(FoundSegment(9 * n, 9 * n + 5, 9 * n, float(n), 4.0, verdict) for n, verdict in enumerate(Verdict))
RECORDINGS = [
    ListedRecording(path=f"/gate/{number}.mp4", stage=stage, share=share, segments=segments, detector="17")
    for number, (stage, share, segments) in enumerate(
        (stage, share, segments) for stage in AnalysisStage for share in (0.0, 0.5) for segments in ((), SEGMENTS)
    )
]
NAMES = ("/gate", ".mp4")


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("lacks_detector", [False, True])
def test_where_a_recording_stands(paused: bool, lacks_detector: bool) -> None:
    for each in RECORDINGS:
        assert is_translated(state_words(each, paused=paused, lacks_detector=lacks_detector))
    moved = ListedRecording(path="/gate/a.mp4", stage=AnalysisStage.FAILED, problem="It is not where it was")
    assert state_words(moved) == "⟦Failed: ⟦It is not where it was⟧⟧"


def test_what_came_onto_the_list() -> None:
    assert _added_words(2, 0) == "⟦2 recordings added to the list.⟧"
    assert _added_words(1, 1) == "⟦1 recording added to the list, ⟦1 was in it already⟧.⟧"
    assert _added_words(0, 1) == "⟦It is on the list already.⟧"
    assert _added_words(0, 12) == "⟦All 12 are on the list already.⟧"


def test_list_and_segments(qtbot: QtBot) -> None:
    model = RecordingModel()
    view = RecordingsView(model)
    qtbot.addWidget(view)
    model.add(RECORDINGS)
    model.watch(["/gate"])
    for paused in (False, True):
        model.set_paused(paused)
        for row in range(view.listed_box.count()):
            view.listed_box.setCurrentIndex(row)
            view.listed_box.activated.emit(row)
            assert untranslated(view, NAMES) == []
    view.list.choose(0)
    menu = view.menu()
    assert untranslated(menu) == []
    menu.deleteLater()
