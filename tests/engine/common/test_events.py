import math

import pytest

from engine.common.errors import TrainingError, VideoError
from engine.common.events import (
    CheckpointSaved,
    Failed,
    Finished,
    LossReported,
    Noted,
    Progress,
    SampleSaved,
    Stopped,
    from_json_line,
    to_json_line,
)
from engine.common.language import in_language, tr


@pytest.mark.parametrize(
    "event",
    [
        Progress("Reading footage", 3, 10, 7.5, None),
        Progress("Learning motion", 3, 10, 7.5, 60.0, epoch=1, step=3, loss=0.25),
        SampleSaved("frame", 2, "/runs/samples/frame-epoch-003.png"),
        Noted("Reading takes 3 GB"),
        LossReported("motion", 1, 20, 0.25, 0.3, is_best=True),
        CheckpointSaved("/runs/ä/checkpoint.pt"),
        Finished("detector.safetensors"),
        Stopped("asked"),
        Failed("what", "on what", "what next\nand then"),
        Failed("what", remedy={"batch_size": 8}),
    ],
)
def test_an_event_is_one_line_and_comes_back(event) -> None:
    line = to_json_line(event)
    assert "\n" not in line
    assert line.isascii()
    assert from_json_line(line) == event


def test_numbers_come_back_as_they_were() -> None:
    failed = from_json_line(to_json_line(Failed("what", remedy={"batch_size": 8, "motion_learning_rate": 5e-05})))
    assert [type(value) for value in failed.remedy.values()] == [int, float]
    reported = from_json_line(to_json_line(LossReported("motion", 0, 0, math.nan, math.inf)))
    assert math.isnan(reported.loss)
    assert reported.held_out_loss == math.inf


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        "[]",
        '{"event": "Exploded"}',
        '{"event": "Finished"}',
        "Traceback",
        '{"event": ["Finished"]}',
        '{"event": "Finished", "path": 5}',
        '{"event": "Finished", "path": "a", "of_a_newer_version": 1}',
        "[" * 100_000,
    ],
)
def test_anything_else_is_no_event(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own error is a ValueError too
        from_json_line(line)


def test_an_error_reads_in_three_parts() -> None:
    error = VideoError("The video can't be opened.", subject="a.mp4", advice="Copy it again.")
    assert str(error) == "The video can't be opened: a.mp4\nCopy it again."
    assert str(VideoError("Nothing here")) == "Nothing here."


def _failed() -> Failed:
    advice = tr("Begin another run with one of {names}.").format(names="fast")
    return Failed.from_error(TrainingError(tr("It can't be written"), subject="/runs", advice=advice))


@pytest.mark.parametrize("written", ["en", "de"])
@pytest.mark.parametrize("read", ["en", "de"])
def test_texts_are_in_the_language_of_whoever_reads_them(written: str, read: str) -> None:
    with in_language(written):
        line = to_json_line(_failed())
    with in_language(read):
        assert from_json_line(line) == _failed()
