import contextlib
import errno
import io
import json
import shutil
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from engine.calibrating.calibrate import Calibrated
from engine.calibrating.footage import NormalFootage
from engine.calibrating.held_out_signals import HeldOutSignals, load_held_out_signals
from engine.common.errors import DetectorFileError, TrainingError, VideoError
from engine.common.events import (
    CheckpointSaved,
    Event,
    Failed,
    Finished,
    LossReported,
    Noted,
    Progress,
    SampleSaved,
    Stopped,
)
from engine.models.detector import Detector, load_detector
from engine.scoring.calibration import Calibration
from engine.scoring.signals import missing_signals
from engine.training import Run, RunSettings, checkpoint, stage_trainer, stages, trainer
from engine.training.checkpoint import load_checkpoint
from engine.training.footage_cache import load_footage
from engine.training.trainer import train
from tests.clips import make_clip


def losses(events: list[Event]) -> list[tuple[str, int, float, float | None]]:
    return [(e.stage, e.epoch, e.loss, e.held_out_loss) for e in events if isinstance(e, LossReported)]


def assert_same_detector(path: Path, other: Path) -> None:
    weights, expected = load_detector(path)[0].state_dict(), load_detector(other)[0].state_dict()
    for name, tensor in expected.items():
        torch.testing.assert_close(weights[name], tensor, rtol=0, atol=0)


class After:
    """Says yes once, or for ever, after it was asked so many times."""

    def __init__(self, times: int, *, once: bool = False) -> None:
        self.left, self.once = times, once

    def __call__(self) -> bool:
        self.left -= 1
        return self.left == 0 if self.once else self.left <= 0


@pytest.fixture(scope="module")
def whole(settings: RunSettings, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, list[Event]]:
    """A run that nobody disturbed, and its events."""
    run = Run.create(tmp_path_factory.mktemp("runs") / "whole", settings)
    return run, list(train(run))


_show = stage_trainer.StageTrainer._show


@pytest.fixture(autouse=True)
def _no_pictures(whole: tuple[Run, list[Event]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are looked at in the run that nobody disturbs; the others do without, and take half the time."""
    assert whole  # which comes first, with its pictures
    monkeypatch.setattr(stage_trainer.StageTrainer, "_show", lambda *_: iter(()))


@pytest.fixture
def ready(whole: tuple[Run, list[Event]], settings: RunSettings, run_folder: Path) -> Run:
    """A new run of the same settings, whose footage has been read."""
    run = Run.create(run_folder, settings)
    shutil.copytree(whole[0].footage_folder, run.footage_folder)
    return run


def test_both_stages_learn_and_leave_a_detector(whole: tuple[Run, list[Event]], tmp_path: Path) -> None:
    run, events = whole
    reported = losses(events)
    assert [(stage, epoch) for stage, epoch, *_ in reported] == [
        ("motion", 0),
        ("motion", 1),
        ("frame", 0),
        ("frame", 1),
    ]
    assert reported[1][2] < reported[0][2]
    assert all(held_out is not None for *_, held_out in reported)
    assert events[-1] == Finished(str(run.detector_path))
    detector, _ = load_detector(run.detector_path)
    assert detector.settings.name == "Square"
    assert detector.settings.teacher == "dis-ultrafast"
    assert detector.settings.flow_radius_px == pytest.approx(load_footage(run.footage_folder).radius_px)
    assert detector.settings.training["held_out"] == [Path(run.held_out_videos[0]).name]
    record = json.dumps(detector.settings.training)
    assert str(tmp_path.parent) not in record  # file names only: the folders are nobody's business


def test_the_folder_tells_the_whole_story(whole: tuple[Run, list[Event]]) -> None:
    run, events = whole
    assert run.events() == events
    samples = [event for event in events if isinstance(event, SampleSaved)]
    assert [Path(sample.path).name for sample in samples] == [
        f"{stage}-epoch-00{epoch}.png" for stage in ("motion", "frame") for epoch in (1, 2)
    ]
    for picture in [*(Path(sample.path) for sample in samples), run.curves_path]:
        assert picture.read_bytes().startswith(b"\x89PNG")
    assert isinstance(events[0], Noted)
    assert not list(run.folder.rglob("*.partial"))


def test_the_best_model_of_each_stage_goes_on(settings: RunSettings, run_folder: Path, monkeypatch) -> None:
    held_out = iter([0.2, 0.1, 0.3, 0.6, 0.5, 0.7])
    states: dict[tuple[str, int], dict] = {}

    def judged(stage: stage_trainer.StageTrainer, _: object) -> float:
        states[stage._place.stage, stage._place.epoch] = {
            name: tensor.clone() for name, tensor in stage._detector.state_dict().items()
        }
        return next(held_out)

    monkeypatch.setattr(stage_trainer.StageTrainer, "_held_out_loss", judged)
    run = Run.create(run_folder, replace(settings, motion_epochs=3, frame_epochs=3))
    events = list(train(run))
    assert [e.is_best for e in events if isinstance(e, LossReported)] == [True, True, False] * 2
    detector, _ = load_detector(run.detector_path)
    for name, tensor in detector.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        expected = states["motion" if name.startswith("motion") else "frame", 1][name]
        torch.testing.assert_close(tensor, expected, rtol=1e-3, atol=1e-4)  # half precision
        if name.startswith("motion"):
            torch.testing.assert_close(states["frame", 2][name], expected, rtol=0, atol=0)  # it rests


@pytest.mark.parametrize("asked", [1, 12, 60, 140, 400])
def test_stopped_anywhere_it_goes_on_as_if_it_never_was(asked: int, whole: tuple[Run, list[Event]], ready: Run) -> None:
    # What is stopped is learning, in the middle of epochs and of evaluations too.
    seen = list(train(ready, After(asked)))
    assert isinstance(seen[-1], Stopped)
    rest = list(train(Run(ready.folder)))
    assert losses(seen) + losses(rest) == losses(whole[1])
    assert_same_detector(ready.detector_path, whole[0].detector_path)


def test_checkpoints_come_by_time_within_an_epoch(ready: Run, monkeypatch) -> None:
    monkeypatch.setattr(stage_trainer, "_CHECKPOINT_SECONDS", 0.0)
    run = ready
    places = [load_checkpoint(run.checkpoint_path).place for e in train(run) if isinstance(e, CheckpointSaved)]
    assert [place.samples for place in places if place.stage == "motion"] == [0, 2, 4, 6, 8, 0, 2, 4, 6, 8, 0]


def test_a_progress_says_where_it_is(ready: Run, monkeypatch) -> None:
    monkeypatch.setattr(stage_trainer, "_REPORT_SECONDS", 0.0)
    events = list(train(ready))
    progress = [e for e in events if isinstance(e, Progress) and e.phase == "Learning motion"]
    assert [(e.epoch, e.step, e.done, e.total) for e in progress] == [
        (n // 4, n % 4 + 1, 2 * n + 2, 16) for n in range(8)
    ]
    assert all(e.loss is not None and e.per_second > 0 for e in progress)


def test_finishing_keeps_the_best_so_far_and_goes_to_the_next_stage(settings: RunSettings, run_folder: Path) -> None:
    run = Run.create(run_folder, replace(settings, motion_epochs=1000, frame_epochs=1000))
    finish_motion, finish_frame = After(4, once=True), After(14, once=True)  # asked once after reading
    events = list(train(run, should_finish=lambda: any([finish_motion(), finish_frame()])))
    assert [(stage, epoch) for stage, epoch, *_ in losses(events)] == [
        ("motion", 0),
        ("frame", 0),
        ("frame", 1),
        ("frame", 2),
    ]
    assert isinstance(events[-1], Finished)
    before = run.detector_path.read_bytes()
    assert list(train(run))[-1] == Finished(str(run.detector_path))
    assert run.detector_path.read_bytes() == before


def test_a_finish_before_anything_was_learnt_is_not_taken(settings: RunSettings, run_folder: Path) -> None:
    events = list(train(Run.create(run_folder, settings), should_finish=After(1, once=True)))
    assert any(isinstance(e, Noted) and "nothing to finish" in e.text for e in events)
    assert len(losses(events)) == 4


def test_stopped_while_reading_it_goes_on_reading(settings: RunSettings, run_folder: Path) -> None:
    run = Run.create(run_folder, settings)
    assert isinstance(list(train(run, lambda: True))[-1], Stopped)
    assert not run.footage_is_ready
    assert isinstance(list(train(run))[-1], Finished)


@pytest.mark.parametrize("damaged", ["last", "previous and last"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(
    damaged: str, whole: tuple[Run, list[Event]], ready: Run
) -> None:
    run = ready
    list(train(run, After(200)))
    for path in (run.checkpoint_path, run.previous_checkpoint_path)[: damaged.count("and") + 1]:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    events = list(train(run))
    assert isinstance(events[0], Noted)
    assert "checkpoint-previous" in events[0].text if damaged == "last" else "checkpoint-best" in events[0].text
    assert losses(events) == losses(whole[1])[-len(losses(events)) :]
    assert_same_detector(run.detector_path, whole[0].detector_path)


def test_killed_between_the_renames_the_new_checkpoint_is_found(ready: Run) -> None:
    run = ready
    list(train(run, After(60)))
    place = load_checkpoint(run.checkpoint_path).place
    run.checkpoint_path.rename(run.checkpoint_path.with_suffix(".new"))
    found, said = checkpoint.find_checkpoint(run)
    assert (found.place, said) == (place, "")


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04 cut short"])
def test_where_no_checkpoint_is_whole_that_is_said(content: bytes, settings: RunSettings, run_folder: Path) -> None:
    run = Run.create(run_folder, settings)
    run.checkpoint_path.write_bytes(content)
    with pytest.raises(TrainingError, match="checkpoints are damaged"):
        list(train(run))


def test_a_loss_that_is_no_number_stops_with_a_clear_word(ready: Run, monkeypatch) -> None:
    run = ready
    list(train(run, After(60)))
    before = load_checkpoint(run.checkpoint_path)
    with monkeypatch.context() as patch:
        patch.setattr(stages, "flow_loss", lambda predicted, _: predicted.mean() * float("nan"))
        with pytest.raises(TrainingError, match="motion stage is no longer a number") as caught:
            list(train(run))
    assert "--motion-lr" in caught.value.advice
    assert run.events()[-1] == Failed.by(caught.value)
    after = load_checkpoint(run.checkpoint_path)
    assert after.place == before.place
    assert caught.value.remedy == {"motion_learning_rate": run.settings.motion_learning_rate / 4}
    run.amend(**caught.value.remedy)
    assert isinstance(list(train(run))[-1], Finished)


def test_weights_that_are_no_numbers_replace_no_checkpoint(ready: Run, monkeypatch) -> None:
    monkeypatch.setattr(stage_trainer, "_CHECKPOINT_SECONDS", 0.0)
    run = ready

    def exploding(predicted: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        return torch.sqrt(predicted.mean() * 0)  # a number, whose gradient is none

    monkeypatch.setattr(stages, "flow_loss", exploding)
    with pytest.raises(TrainingError, match="no longer a number"):
        list(train(run))
    kept = load_checkpoint(run.checkpoint_path)
    assert all(torch.isfinite(tensor).all() for tensor in kept.detector.values() if tensor.is_floating_point())


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_running_out_of_memory_says_which_batch_size_to_try(error: Exception, ready: Run, monkeypatch) -> None:
    run = ready
    run.amend(batch_size=4)

    def too_large(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(stages, "flow_loss", too_large)
        with pytest.raises(TrainingError, match="does not suffice for a batch of 4") as caught:
            list(train(run))
    assert "--batch-size 2" in caught.value.advice
    assert caught.value.remedy == {"batch_size": 2}
    run.amend(**caught.value.remedy)
    assert isinstance(list(train(run))[-1], Finished)


def test_another_batch_size_goes_on_within_the_epoch(ready: Run) -> None:
    run = ready
    list(train(run, After(60)))
    place = load_checkpoint(run.checkpoint_path).place
    assert 0 < place.samples < 8
    run.amend(batch_size=4)
    assert isinstance(list(train(run))[-1], Finished)


@pytest.mark.parametrize("place", ["checkpoint", "sample", "journal"])
def test_a_full_disk_ends_with_a_clear_word_and_the_last_checkpoint(
    place: str, whole: tuple[Run, list[Event]], ready: Run, monkeypatch
) -> None:
    run = ready
    list(train(run, After(60)))
    before = load_checkpoint(run.checkpoint_path).place

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        match place:
            case "checkpoint":
                patch.setattr(checkpoint.torch, "save", full)
            case "sample":
                patch.setattr(stage_trainer.StageTrainer, "_show", _show)
                patch.setattr("engine.training.samples.atomic_write", full)
            case "journal":
                patch.setattr("engine.training.event_log.EventLog.write", full)
        with pytest.raises(TrainingError, match="disk is full"):
            list(train(run))
    assert load_checkpoint(run.checkpoint_path).place == before
    assert not list(run.folder.rglob("*.partial"))
    rest = list(train(run))
    assert losses(rest) == losses(whole[1])[-len(losses(rest)) :]
    assert_same_detector(run.detector_path, whole[0].detector_path)


def test_a_disk_that_fills_up_within_a_checkpoint_says_so_itself(tmp_path: Path, monkeypatch) -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            if self.tell() + len(data) > 10_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    monkeypatch.setattr(checkpoint, "atomic_write", lambda _: contextlib.nullcontext(Full()))
    large = checkpoint.Checkpoint(checkpoint.Place("motion"), {}, {"weights": torch.zeros(100, 100)})
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save_checkpoint(large, tmp_path / "checkpoint.pt")


def test_what_a_killed_process_left_half_written_goes(settings: RunSettings, run_folder: Path) -> None:
    run = Run.create(run_folder, settings)
    (run.folder / ".vadgui-0123abcd.partial").write_bytes(b"half")
    list(train(run, lambda: True))
    assert not list(run.folder.glob("*.partial"))


def uncalibrated(detector: Detector) -> Generator[Event, None, Calibrated]:
    """As `calibrate` where too little is held out."""
    yield from ()
    return Calibrated(detector, [])


def test_only_one_process_trains_in_a_folder(settings: RunSettings, run_folder: Path) -> None:
    run = Run.create(run_folder, settings)
    events = train(run)
    next(events)
    with pytest.raises(TrainingError, match="trains in this folder"):
        next(train(Run(run.folder)))
    events.close()
    assert run.process_id is None


def test_without_held_out_videos_the_last_model_counts(settings: RunSettings, run_folder: Path) -> None:
    run = Run.create(run_folder, replace(settings, videos=settings.videos[:1]))
    events = list(train(run))
    assert [(e.held_out_loss, e.is_best) for e in events if isinstance(e, LossReported)] == [(None, True)] * 4


def test_a_single_video_is_learnt_from_and_judged_by(
    settings: RunSettings, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[NormalFootage] = []
    monkeypatch.setattr(
        "engine.training.trainer.calibrate", lambda *args, **__: asked.append(args[2]) or uncalibrated(args[0])
    )
    video = make_clip(tmp_path / "day.mp4", 61, fps=2)
    run = Run.create(run_folder, replace(settings, videos=(str(video),), motion_epochs=1, frame_epochs=1))
    events = list(train(run))
    assert all(event.held_out_loss is not None for event in events if isinstance(event, LossReported))
    (footage,) = asked
    assert (footage.held_out, footage.others, footage.since) == ([video], [], {video: 24.0})
    detector, _ = load_detector(run.detector_path)
    assert detector.settings.training["held_out_since"] == {"day.mp4": 24.0}


def test_footage_that_is_gone_when_it_shall_be_judged_is_asked_for_once(
    ready: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be a disk that was unplugged: the scores' meaning is worth a question, the detector is worth more."""

    def calibrate(*_: object, **__: object) -> Iterator[Event]:
        raise VideoError("There is no such file", subject="a.mp4", advice="Put it back.")

    monkeypatch.setattr("engine.training.trainer.calibrate", calibrate)
    with pytest.raises(VideoError, match="There is no such file") as raised:
        list(train(ready))
    assert "resume the run: only this is left" in raised.value.advice
    assert not ready.detector_path.exists()
    *_, noted, finished = train(ready)
    assert isinstance(noted, Noted)
    assert "could not be judged" in noted.text
    assert isinstance(finished, Finished)
    assert load_detector(ready.detector_path)[0].settings.calibration is None


def test_what_the_held_out_footage_was_judged_by_is_kept(ready: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    held_out = HeldOutSignals(Path("a.mp4"), np.arange(600) / 10, missing_signals(600))
    held_out.signals["direction_rarity"] = np.random.default_rng(0).gamma(1, 0.2, 600)
    calibration = Calibration.of([(held_out.signals, held_out.times)])

    def calibrate(detector: Detector, *_: object, **__: object) -> Generator[Event, None, Calibrated]:
        yield from ()
        return Calibrated(detector.with_settings(replace(detector.settings, calibration=calibration)), [held_out])

    monkeypatch.setattr("engine.training.trainer.calibrate", calibrate)
    assert isinstance(list(train(ready))[-1], Finished)
    (kept,) = load_held_out_signals(ready.held_out_signals_path)
    assert (kept.path, kept.times.tolist()) == (held_out.path, held_out.times.tolist())
    assert load_detector(ready.detector_path)[0].settings.calibration == calibration


def test_a_detector_is_calibrated_unless_the_run_is_told_otherwise(ready: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(
        "engine.training.trainer.calibrate", lambda *args, **__: asked.append("calibrate") or uncalibrated(args[0])
    )
    ready.amend(calibrate=False)
    assert isinstance(list(train(ready))[-1], Finished)
    assert not asked
    ready.detector_path.unlink()
    ready.amend(calibrate=True)
    list(train(ready))
    assert asked == ["calibrate"]


@pytest.mark.parametrize("changes", [{"margin": False}, {"flow_guidance": False}])
def test_the_ablations_train(
    changes: dict, whole: tuple[Run, list[Event]], settings: RunSettings, run_folder: Path
) -> None:
    run = Run.create(run_folder, replace(settings, **changes))
    events = list(train(run))
    assert losses(events)[:2] == losses(whole[1])[:2]
    assert losses(events)[2] != losses(whole[1])[2]
    detector, _ = load_detector(run.detector_path)
    assert detector.settings.flow_guidance == changes.get("flow_guidance", True)
    assert detector.settings.training["margin"] == changes.get("margin", True)


def test_a_ready_motion_model_needs_no_motion_stage(
    whole: tuple[Run, list[Event]], settings: RunSettings, run_folder: Path
) -> None:
    base_path = Path(shutil.copy(whole[0].detector_path, run_folder.with_name("base.safetensors")))
    base, _ = load_detector(base_path)
    run = Run.create(run_folder, replace(settings, motion_from=str(base_path), teacher="dis-fast"))
    events = list(train(run, lambda: run.checkpoint_path.exists()))
    base_path.unlink()  # only the beginning needs it
    events += list(train(run))
    assert [(stage, epoch) for stage, epoch, *_ in losses(events)] == [("frame", 0), ("frame", 1)]
    assert load_footage(run.footage_folder).flow is None
    detector, _ = load_detector(run.detector_path)
    for name, tensor in base.motion.state_dict().items():
        torch.testing.assert_close(detector.motion.state_dict()[name], tensor, rtol=0, atol=0)
    assert detector.settings.flow_radius_px == base.settings.flow_radius_px
    assert detector.settings.teacher == "dis-ultrafast"


def test_a_detector_is_improved_from_where_it_stands(
    whole: tuple[Run, list[Event]], settings: RunSettings, run_folder: Path
) -> None:
    base_path = whole[0].detector_path
    events = list(train(Run.create(run_folder, replace(settings, start_from=str(base_path)))))
    assert losses(events)[0][2] < losses(whole[1])[0][2]
    base, better = load_detector(base_path)[0], load_detector(run_folder / "detector.safetensors")[0]
    assert better.settings.flow_radius_px == base.settings.flow_radius_px
    assert better.settings.training["start_from"] == "detector.safetensors"


def test_a_flow_radius_that_is_named_is_the_detector_s_from_beginning_to_end(
    whole: tuple[Run, list[Event]], ready: Run, settings: RunSettings
) -> None:
    # The footage was read for a run that measures its radius: it holds flow, not colours.
    measured = load_footage(ready.footage_folder).radius_px
    run = Run.create(ready.folder.with_name("named"), replace(settings, flow_radius_px=2.5 * measured))
    shutil.copytree(ready.footage_folder, run.footage_folder)
    events = list(train(run, lambda: run.checkpoint_path.exists()))
    assert isinstance(events[-1], Stopped)
    assert load_checkpoint(run.checkpoint_path).settings["flow_radius_px"] == 2.5 * measured
    events += list(train(run))
    detector, _ = load_detector(run.detector_path)
    assert detector.settings.flow_radius_px == detector.settings.training["flow_radius_px"] == 2.5 * measured
    # The same model sees the same flow in other colours.
    assert losses(events)[0][2] != losses(whole[1])[0][2]


def test_another_flow_radius_than_that_of_the_detector_to_build_on_is_refused(
    whole: tuple[Run, list[Event]], settings: RunSettings, run_folder: Path
) -> None:
    base_path = str(whole[0].detector_path)
    radius = load_detector(whole[0].detector_path)[0].settings.flow_radius_px
    for base in ({"start_from": base_path}, {"motion_from": base_path}):
        run = Run.create(run_folder, replace(settings, flow_radius_px=radius + 1, **base))
        with pytest.raises(TrainingError, match=f"a radius of {radius} px, not of {radius + 1}") as raised:
            list(train(run))
        assert raised.value.subject == base_path
        assert "--flow-radius" in raised.value.advice
        assert not run.footage_is_ready
    assert trainer.load_bases(replace(settings, flow_radius_px=radius, start_from=base_path))


@pytest.mark.parametrize(
    ("changes", "what"),
    [({"preset": "fast"}, "of preset tiny, the run of fast"), ({"flow_guidance": False}, "guided by flow")],
)
def test_only_a_detector_of_the_same_shape_can_be_improved(
    changes: dict, what: str, whole: tuple[Run, list[Event]], settings: RunSettings, run_folder: Path
) -> None:
    run = Run.create(run_folder, replace(settings, start_from=str(whole[0].detector_path), **changes))
    with pytest.raises(TrainingError, match=what):
        list(train(run))
    assert not run.footage_is_ready  # said before hours go into the footage


def test_a_detector_to_build_on_that_is_missing_is_said(settings: RunSettings, run_folder: Path) -> None:
    with pytest.raises(DetectorFileError):
        list(train(Run.create(run_folder, replace(settings, motion_from="gone.safetensors"))))


def test_a_folder_takes_one_run(whole: tuple[Run, list[Event]], settings: RunSettings) -> None:
    with pytest.raises(TrainingError, match="already holds"):
        Run.create(whole[0].folder, settings)


def test_a_run_whose_footage_was_wrong_can_be_begun_anew(settings: RunSettings, run_folder: Path) -> None:
    run = Run.create(run_folder, replace(settings, videos=(*settings.videos, str(run_folder / "gone.mp4"))))
    with pytest.raises(VideoError):
        list(train(run))
    assert isinstance(run.events()[-1], Failed)
    assert Run.create(run_folder, settings).settings == settings
    assert run.events() == []
    assert isinstance(list(train(run))[-1], Finished)


def test_a_folder_that_cannot_be_made_is_said(settings: RunSettings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match="can't be written"):
        Run.create(tmp_path / "file" / "run", settings)


def test_a_folder_without_a_run_says_how_to_begin_one(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no training run") as caught:
        list(train(Run(tmp_path)))
    assert "--footage" in caught.value.advice


def test_a_fault_of_the_program_is_in_the_folder_too(ready: Run, monkeypatch) -> None:
    def broken(*_: object) -> Iterator[Event]:
        raise KeyError("x")

    monkeypatch.setattr(stages, "flow_loss", broken)
    run = ready
    with pytest.raises(KeyError):
        list(train(run))
    assert isinstance(run.events()[-1], Failed)


def test_batches_are_the_same_whatever_came_before() -> None:
    order = stages.epoch_order(np.arange(10), 3, "motion", 1)
    assert sorted(order) == list(range(10))
    assert order.tolist() == np.random.default_rng([3, False, 1]).permutation(10).tolist()
    assert np.concatenate(list(stages.batches(order, 4, 0))).tolist() == order[:8].tolist()
    assert np.concatenate(list(stages.batches(order, 4, 4))).tolist() == order[4:8].tolist()


def test_several_readers_hand_the_batches_on_in_order(monkeypatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    begun = threading.Barrier(4)

    def load(_: object, indices: np.ndarray) -> tuple[int]:
        begun.wait(30)  # breaks where fewer than four read at once
        time.sleep(0.01 * (3 - indices[0] % 4))  # the first is the last to be ready
        return (int(indices[0]),)

    parts = iter(np.arange(8)[:, None])
    coming = stages.loaded(SimpleNamespace(load=load), None, parts)
    assert [number for (number,) in coming] == list(range(8))


@pytest.mark.parametrize(("learnt_from", "expected"), [("raft", Path("w.pth")), ("dis-medium", None)])
def test_the_teacher_s_weights_are_found_for_judging_too(
    learnt_from: str, expected: Path | None, ready: Run, settings: RunSettings, monkeypatch
) -> None:
    """Wherever they lie; the teacher of a ready motion model is another, and has no part in them."""
    given = []

    def calibrate(detector: Detector, *_: object, teacher_weights: Path | None) -> Generator[Event, None, Calibrated]:
        given.append(teacher_weights)
        return uncalibrated(detector)

    monkeypatch.setattr(trainer, "calibrate", calibrate)
    detector = SimpleNamespace(settings=SimpleNamespace(teacher=learnt_from, calibration=None))
    with_weights = replace(settings, teacher="raft", teacher_weights="w.pth")
    list(trainer._calibrate(detector, ready, with_weights, SimpleNamespace(plan=None), lambda: False))
    assert given == [expected]
