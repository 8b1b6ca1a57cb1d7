"""What can be done to a segment, and taken back."""

from __future__ import annotations

import pytest

from engine.common.errors import ReviewError
from engine.common.language import in_language
from engine.review.attaching import ReviewedSegment
from engine.review.document import JudgedSegment, Recording, Step, Threshold, Verdict
from engine.review.edits import MISSED, Editor
from engine.review.history import HISTORY_STEPS, redone, undone, with_step, with_step_in_last
from tests.engine.review.making import hills, recording, shown

SCORES = hills(400, (40, 60, 0.8), (90, 140, 0.6), (100, 110, 0.9), (120, 130, 0.8), (300, 320, 0.9))


class Desk:
    """A recording on which a person works, at a threshold."""

    def __init__(self, enter: float = 0.7) -> None:
        self.recording = recording()
        self.enter = enter

    @property
    def shown(self) -> list[ReviewedSegment]:
        return shown(SCORES, self.recording.segments, self.enter)

    @property
    def editor(self) -> Editor:
        return Editor(self.recording, self.shown, who="ada", when="2026-01-02T03:04:05+00:00")

    def do(self, step: Step) -> Recording:
        self.recording = with_step(self.recording, step)
        return self.recording

    def said(self) -> list[tuple[int, int, str]]:
        return [(each.start, each.stop, str(each.verdict)) for each in self.shown]


def test_a_verdict_says_who_when_and_why() -> None:
    desk = Desk()
    desk.do(desk.editor.judge(desk.shown[0], Verdict.DISMISSED, "weather"))
    judged = desk.shown[0].judged
    assert judged is not None
    assert (judged.verdict, judged.reason, judged.who) == (Verdict.DISMISSED, "weather", "ada")
    assert judged.when == "2026-01-02T03:04:05+00:00"
    assert (judged.start, judged.stop) == (40, 60)
    assert desk.recording.history[0].name == "Dismiss (weather), frames 40–59"


def test_steps_are_stored_in_english_and_told_in_the_language_in_use() -> None:
    editor = Editor(recording(), ())
    segment = ReviewedSegment(10, 20, 15, 1.0)
    steps = [
        editor.judge(segment, Verdict.DISMISSED, "animal"),
        editor.judge(ReviewedSegment(7, 8, 7, 1.0), Verdict.CONFIRMED),
        editor.set_threshold("paper", Threshold(0.5)),
        editor.set_threshold("paper", None),
        Step(name="Rename (a, b) to c"),
    ]
    names = [each.name for each in steps]
    assert names == [
        "Dismiss (animal), frames 10–19",
        "Confirm, frame 7",
        "Threshold to 0.50",
        "Threshold to its default",
        "Rename (a, b) to c",
    ]
    assert [each.in_words for each in steps] == names
    with in_language("de"):
        told = [each.in_words for each in steps]
    assert told == [
        "Verwerfen (Tier), Bilder 10–19",
        "Bestätigen, Bild 7",
        "Schwelle auf 0,50",
        "Schwelle auf den Standard",
        "Rename (a, b) to c",
    ]


def test_bookmark_and_note_are_kept_beside_the_verdict() -> None:
    desk = Desk()
    desk.do(desk.editor.bookmark(desk.shown[0]))
    desk.do(desk.editor.write_note(desk.shown[0], " a bicycle \n"))
    desk.do(desk.editor.judge(desk.shown[0], Verdict.CONFIRMED))
    judged = desk.shown[0].judged
    assert judged is not None
    assert (judged.bookmark, judged.note, judged.verdict) == (True, "a bicycle", Verdict.CONFIRMED)


def test_a_bookmark_that_is_removed_again_leaves_nothing() -> None:
    desk = Desk()
    desk.do(desk.editor.bookmark(desk.shown[0]))
    desk.do(desk.editor.bookmark(desk.shown[0]))
    assert desk.recording.segments == ()


def test_a_part_that_is_judged_anew_leaves_the_other_part_its_verdict() -> None:
    desk = Desk(enter=0.55)
    desk.do(desk.editor.judge(desk.shown[1], Verdict.DISMISSED, "normal"))
    desk.enter = 0.7
    assert desk.said()[1:3] == [(100, 110, "dismissed"), (120, 130, "dismissed")]
    desk.do(desk.editor.judge(desk.shown[2], Verdict.CONFIRMED))
    assert desk.said()[1:3] == [(100, 110, "dismissed"), (120, 130, "confirmed")]
    desk.enter = 0.55
    assert desk.said()[1:3] == [(90, 110, "dismissed"), (110, 140, "confirmed")]
    desk.recording = undone(desk.recording)
    assert desk.said()[1] == (90, 140, "dismissed")


def test_trims_within_the_room_between_its_neighbours() -> None:
    desk = Desk()
    desk.do(desk.editor.trim(desk.shown[0], 45, 80))
    assert desk.said()[0] == (45, 80, "unreviewed")
    with pytest.raises(ReviewError, match="another segment"):
        desk.editor.trim(desk.shown[0], 45, 101)
    with pytest.raises(ReviewError, match="needs a frame"):
        desk.editor.trim(desk.shown[0], 80, 80)


def test_trims_up_to_a_neighbour_that_was_longer_when_it_was_judged() -> None:
    desk = Desk(enter=0.55)
    desk.do(desk.editor.judge(desk.shown[1], Verdict.CONFIRMED))
    desk.enter = 0.85
    assert desk.said() == [(100, 110, "confirmed"), (300, 320, "unreviewed")]
    desk.do(desk.editor.trim(desk.shown[1], 112, 320))
    assert desk.said() == [(100, 110, "confirmed"), (112, 320, "unreviewed")]


def test_splits_and_merges_again() -> None:
    desk = Desk()
    desk.do(desk.editor.judge(desk.shown[0], Verdict.UNSURE))
    desk.do(desk.editor.split(desk.shown[0], 50))
    assert desk.said()[:2] == [(40, 50, "unsure"), (50, 60, "unsure")]
    desk.do(desk.editor.judge(desk.shown[0], Verdict.CONFIRMED))
    desk.do(desk.editor.merge(desk.shown[0], desk.shown[1]))
    assert desk.said()[0] == (40, 60, "unreviewed"), "two verdicts leave none"
    with pytest.raises(ReviewError, match="can't be split"):
        desk.editor.split(desk.shown[0], 40)


def test_draws_where_nothing_was_flagged_and_nowhere_else() -> None:
    desk = Desk()
    desk.do(desk.editor.draw(200, 230))
    drawn = desk.shown[3]
    assert (drawn.start, drawn.stop, drawn.verdict) == (200, 230, Verdict.CONFIRMED)
    assert drawn.judged is not None
    assert drawn.judged.reason == MISSED
    with pytest.raises(ReviewError, match="another segment"):
        desk.editor.draw(220, 240)


def test_what_the_threshold_hides_is_not_drawn_over() -> None:
    desk = Desk()
    desk.do(desk.editor.judge(desk.shown[0], Verdict.CONFIRMED))
    desk.enter = 0.95
    with pytest.raises(ReviewError, match="hidden by the threshold"):
        desk.editor.draw(50, 70)


def test_forgetting_takes_a_drawn_segment_away_and_a_flagged_one_back() -> None:
    desk = Desk()
    desk.do(desk.editor.trim(desk.shown[0], 45, 50))
    desk.do(desk.editor.draw(200, 230))
    desk.do(desk.editor.forget(desk.shown[0]))
    desk.do(desk.editor.forget(next(each for each in desk.shown if each.start == 200)))
    assert desk.recording.segments == ()
    assert desk.said()[0] == (40, 60, "unreviewed")
    with pytest.raises(ReviewError, match="Nothing was said"):
        desk.editor.forget(desk.shown[0])


def test_undo_and_redo_go_through_every_state() -> None:
    desk = Desk()
    edits = (
        lambda: desk.editor.judge(desk.shown[0], Verdict.CONFIRMED),
        lambda: desk.editor.trim(desk.shown[0], 42, 58),
        lambda: desk.editor.split(desk.shown[0], 50),
        lambda: desk.editor.set_threshold("paper", Threshold(0.6)),
        lambda: desk.editor.draw(200, 201),
    )
    states = [desk.recording, *(desk.do(edit()) for edit in edits)]
    for state in reversed(states[:-1]):
        desk.recording = undone(desk.recording)
        assert (desk.recording.segments, desk.recording.thresholds) == (state.segments, state.thresholds)
    assert undone(desk.recording) == desk.recording
    for state in states[1:]:
        desk.recording = redone(desk.recording)
        assert (desk.recording.segments, desk.recording.thresholds) == (state.segments, state.thresholds)
    assert redone(desk.recording) == desk.recording


def test_a_new_step_drops_what_was_undone() -> None:
    desk = Desk()
    desk.do(desk.editor.judge(desk.shown[0], Verdict.CONFIRMED))
    desk.recording = undone(desk.recording)
    desk.do(desk.editor.judge(desk.shown[0], Verdict.UNSURE))
    assert [step.name for step in desk.recording.history] == ["Mark as unsure, frames 40–59"]


def test_a_dragged_threshold_is_one_step() -> None:
    desk = Desk()
    desk.do(desk.editor.set_threshold("paper", Threshold(0.6)))
    desk.recording = with_step_in_last(desk.recording, desk.editor.set_threshold("paper", Threshold(0.5)))
    assert [step.name for step in desk.recording.history] == ["Threshold to 0.50"]
    assert desk.recording.thresholds == {"paper": Threshold(0.5)}
    assert undone(desk.recording).thresholds == {}


def test_the_history_is_long_but_not_endless() -> None:
    desk = Desk()
    for _ in range(HISTORY_STEPS + 7):
        desk.do(desk.editor.bookmark(desk.shown[0]))
    assert len(desk.recording.history) == desk.recording.done == HISTORY_STEPS >= 200
    for _ in range(HISTORY_STEPS):
        desk.recording = undone(desk.recording)
    assert desk.recording.done == 0


def test_a_history_that_does_not_fit_says_so() -> None:
    other = JudgedSegment(start=1, stop=2, verdict=Verdict.UNSURE)
    broken = recording(history=(Step(name="Confirm", added=(other,)),), done=1)
    with pytest.raises(ReviewError, match="does not fit"):
        undone(broken)


@pytest.mark.parametrize(
    ("name", "german"),
    [
        ("Dismiss (weather), frames 40–59", "Verwerfen (Wetter), Bilder 40–59"),
        ("Confirm, frame 40", "Bestätigen, Bild 40"),
        ("Set clock", "Uhr stellen"),
        ("Redact by blur, frame 40", "Schwärzen durch Weichzeichnen, Bild 40"),
        ("Name zone (clock)", "Zone benennen (clock)"),
        ("Move zone (ignored: trees)", "Zone verschieben (ignoriert: trees)"),
        ("Load zones (gate (2).zones.json)", "Zonen laden (gate (2).zones.json)"),
    ],
)
def test_steps_are_told_in_the_language_in_use(name: str, german: str) -> None:
    step = Step(name=name)
    assert step.in_words == name
    with in_language("de"):
        assert step.in_words == german


def test_halves_of_characters_from_the_clipboard_are_not_kept() -> None:
    desk = Desk()
    desk.do(desk.editor.write_note(desk.shown[0], "bicycle \ud83d by the gate \ud83d\udeb2"))
    desk.do(desk.editor.judge(desk.shown[0], Verdict.DISMISSED, "\ude00 wind"))
    judged = desk.shown[0].judged
    assert judged is not None
    assert (judged.note, judged.reason) == ("bicycle \ufffd by the gate \U0001f6b2", "\ufffd wind")
