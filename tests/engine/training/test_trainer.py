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

pytestmark = pytest.mark.slow  # a run of two stages each


def losses(events: list[Event]) -> list[tuple[str, int, float, float | None]]:
    return [(e.stage, e.epoch, e.loss, e.held_out_loss) for e in events if isinstance(e, LossReported)]


def assert_same_detector(path: Path, other: Path) -> None:
    weights, expected = load_detector(path)[0].state_dict(), load_detector(other)[0].state_dict()
    for name, tensor in expected.items():
        torch.testing.assert_close(weights[name], tensor, rtol=0, atol=0)


class TrueAfter:
    """A callback that returns true from its n-th call on, or with `once` only in its n-th call."""

    def __init__(self, calls: int, *, once: bool = False) -> None:
        self.calls_left, self.once = calls, once

    def __call__(self) -> bool:
        self.calls_left -= 1
        return self.calls_left == 0 if self.once else self.calls_left <= 0


@pytest.fixture(autouse=True)
def _no_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing them takes a third of a run; that of `uninterrupted`, which is made before, has them."""
    monkeypatch.setattr(stage_trainer, "save_curves", lambda *_: None)


@pytest.fixture(scope="module")
def uninterrupted(settings: RunSettings, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, list[Event]]:
    """An uninterrupted run and its events, as the reference for resumed runs."""
    run = Run.create(tmp_path_factory.mktemp("runs") / "uninterrupted", settings)
    return run, list(train(run))


_save_pictures = stage_trainer.StageTrainer._save_pictures


@pytest.fixture(autouse=True)
def _no_pictures(uninterrupted: tuple[Run, list[Event]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable sample pictures in all runs but `uninterrupted`, which takes half the time."""
    assert uninterrupted  # this run must have finished before pictures are disabled
    monkeypatch.setattr(stage_trainer.StageTrainer, "_save_pictures", lambda *_: iter(()))


@pytest.fixture
def ready(uninterrupted: tuple[Run, list[Event]], settings: RunSettings, run_folder: Path) -> Run:
    """A new run with the same settings, whose footage has been read already."""
    run = Run.create(run_folder, settings)
    shutil.copytree(uninterrupted[0].footage_folder, run.footage_folder)
    return run


def test_both_stages_learn_and_leave_a_detector(uninterrupted: tuple[Run, list[Event]], tmp_path: Path) -> None:
    run, events = uninterrupted
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
    assert str(tmp_path.parent) not in record  # file names without folders, which are private


def test_the_run_folder_holds_all_events_and_pictures(uninterrupted: tuple[Run, list[Event]]) -> None:
    run, events = uninterrupted
    assert run.events() == events
    samples = [event for event in events if isinstance(event, SampleSaved)]
    assert [Path(sample.path).name for sample in samples] == [
        f"{stage}-epoch-00{epoch}.png" for stage in ("motion", "frame") for epoch in (1, 2)
    ]
    for picture in [*(Path(sample.path) for sample in samples), run.curves_path]:
        assert picture.read_bytes().startswith(b"\x89PNG")
    assert isinstance(events[0], Noted)
    assert not list(run.folder.rglob("*.partial"))


def test_each_stage_ends_with_its_best_model(settings: RunSettings, run_folder: Path, monkeypatch) -> None:
    held_out = iter([0.2, 0.1, 0.3, 0.6, 0.5, 0.7])
    states: dict[tuple[str, int], dict] = {}

    def next_loss(stage: stage_trainer.StageTrainer, _: object) -> float:
        states[stage._position.stage, stage._position.epoch] = {
            name: tensor.clone() for name, tensor in stage._detector.state_dict().items()
        }
        return next(held_out)

    monkeypatch.setattr(stage_trainer.StageTrainer, "_held_out_loss", next_loss)
    run = Run.create(run_folder, replace(settings, motion_epochs=3, frame_epochs=3))
    events = list(train(run))
    assert [e.is_best for e in events if isinstance(e, LossReported)] == [True, True, False] * 2
    detector, _ = load_detector(run.detector_path)
    for name, tensor in detector.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        expected = states["motion" if name.startswith("motion") else "frame", 1][name]
        torch.testing.assert_close(tensor, expected, rtol=1e-3, atol=1e-4)  # files are in float16
        if name.startswith("motion"):
            torch.testing.assert_close(states["frame", 2][name], expected, rtol=0, atol=0)  # frozen in the frame stage


@pytest.mark.parametrize("calls", [1, 12, 60, 140, 400])
def test_a_stopped_run_resumes_with_the_same_result(
    calls: int, uninterrupted: tuple[Run, list[Event]], ready: Run
) -> None:
    # The calls are chosen to stop in the middle of epochs and of validations.
    before = list(train(ready, TrueAfter(calls)))
    assert isinstance(before[-1], Stopped)
    rest = list(train(Run(ready.folder)))
    assert losses(before) + losses(rest) == losses(uninterrupted[1])
    assert_same_detector(ready.detector_path, uninterrupted[0].detector_path)


def test_checkpoints_are_saved_by_time_within_an_epoch(ready: Run, monkeypatch) -> None:
    monkeypatch.setattr(stage_trainer, "_CHECKPOINT_SECONDS", 0.0)
    run = ready
    reached = [load_checkpoint(run.checkpoint_path).position for e in train(run) if isinstance(e, CheckpointSaved)]
    assert [each.samples for each in reached if each.stage == "motion"] == [0, 2, 4, 6, 8, 0, 2, 4, 6, 8, 0]


def test_progress_has_epoch_step_and_loss(ready: Run, monkeypatch) -> None:
    monkeypatch.setattr(stage_trainer, "_REPORT_SECONDS", 0.0)
    events = list(train(ready))
    progress = [e for e in events if isinstance(e, Progress) and e.phase == "Learning motion"]
    assert [(e.epoch, e.step, e.done, e.total) for e in progress] == [
        (n // 4, n % 4 + 1, 2 * n + 2, 16) for n in range(8)
    ]
    assert all(e.loss is not None and e.per_second > 0 for e in progress)


def test_finishing_a_stage_keeps_its_best_model_and_starts_the_next_stage(
    settings: RunSettings, run_folder: Path
) -> None:
    run = Run.create(run_folder, replace(settings, motion_epochs=1000, frame_epochs=1000))
    finish_motion, finish_frame = TrueAfter(4, once=True), TrueAfter(14, once=True)  # asked once after reading
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


def test_a_request_to_finish_before_training_starts_is_ignored(settings: RunSettings, run_folder: Path) -> None:
    events = list(train(Run.create(run_folder, settings), should_finish=TrueAfter(1, once=True)))
    assert any(isinstance(e, Noted) and "nothing to finish" in e.text for e in events)
    assert len(losses(events)) == 4


def test_a_run_stopped_while_reading_footage_resumes_reading(settings: RunSettings, run_folder: Path) -> None:
    run = Run.create(run_folder, settings)
    assert isinstance(list(train(run, lambda: True))[-1], Stopped)
    assert not run.footage_is_ready
    assert isinstance(list(train(run))[-1], Finished)


@pytest.mark.parametrize("damaged", ["last", "previous and last"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(
    damaged: str, uninterrupted: tuple[Run, list[Event]], ready: Run
) -> None:
    run = ready
    list(train(run, TrueAfter(200)))
    for path in (run.checkpoint_path, run.previous_checkpoint_path)[: damaged.count("and") + 1]:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    events = list(train(run))
    assert isinstance(events[0], Noted)
    assert "checkpoint-previous" in events[0].text if damaged == "last" else "checkpoint-best" in events[0].text
    assert losses(events) == losses(uninterrupted[1])[-len(losses(events)) :]
    assert_same_detector(run.detector_path, uninterrupted[0].detector_path)


def test_killed_between_the_renames_the_new_checkpoint_is_found(ready: Run) -> None:
    run = ready
    list(train(run, TrueAfter(60)))
    position = load_checkpoint(run.checkpoint_path).position
    run.checkpoint_path.rename(run.checkpoint_path.with_suffix(".new"))
    newest, notice = checkpoint.find_checkpoint(run)
    assert (newest.position, notice) == (position, "")


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04 cut short"])
def test_damaged_checkpoints_are_an_error(content: bytes, settings: RunSettings, run_folder: Path) -> None:
    run = Run.create(run_folder, settings)
    run.checkpoint_path.write_bytes(content)
    with pytest.raises(TrainingError, match="checkpoints are damaged"):
        list(train(run))


def test_a_loss_that_is_not_finite_ends_training_with_advice(ready: Run, monkeypatch) -> None:
    run = ready
    list(train(run, TrueAfter(60)))
    before = load_checkpoint(run.checkpoint_path)
    with monkeypatch.context() as patch:
        patch.setattr(stages, "flow_loss", lambda predicted, _: predicted.mean() * float("nan"))
        with pytest.raises(TrainingError, match="motion stage is no longer a number") as caught:
            list(train(run))
    assert "--motion-lr" in caught.value.advice
    assert run.events()[-1] == Failed.from_error(caught.value)
    after = load_checkpoint(run.checkpoint_path)
    assert after.position == before.position
    assert caught.value.remedy == {"motion_learning_rate": run.settings.motion_learning_rate / 4}
    run.amend(**caught.value.remedy)
    assert isinstance(list(train(run))[-1], Finished)


def test_weights_that_are_not_finite_never_replace_a_checkpoint(ready: Run, monkeypatch) -> None:
    monkeypatch.setattr(stage_trainer, "_CHECKPOINT_SECONDS", 0.0)
    run = ready

    def exploding(predicted: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        return torch.sqrt(predicted.mean() * 0)  # 0, but with an infinite gradient

    monkeypatch.setattr(stages, "flow_loss", exploding)
    with pytest.raises(TrainingError, match="no longer a number"):
        list(train(run))
    kept = load_checkpoint(run.checkpoint_path)
    assert all(torch.isfinite(tensor).all() for tensor in kept.detector.values() if tensor.is_floating_point())


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_running_out_of_memory_advises_a_smaller_batch_size(error: Exception, ready: Run, monkeypatch) -> None:
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


def test_a_run_resumes_within_an_epoch_with_another_batch_size(ready: Run) -> None:
    run = ready
    list(train(run, TrueAfter(60)))
    position = load_checkpoint(run.checkpoint_path).position
    assert 0 < position.samples < 8
    run.amend(batch_size=4)
    assert isinstance(list(train(run))[-1], Finished)


@pytest.mark.parametrize("full_file", ["checkpoint", "sample", "event log"])
def test_a_full_disk_ends_with_advice_and_keeps_the_last_checkpoint(
    full_file: str, uninterrupted: tuple[Run, list[Event]], ready: Run, monkeypatch
) -> None:
    run = ready
    list(train(run, TrueAfter(60)))
    before = load_checkpoint(run.checkpoint_path).position

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        match full_file:
            case "checkpoint":
                patch.setattr(checkpoint.torch, "save", full)
            case "sample":
                patch.setattr(stage_trainer.StageTrainer, "_save_pictures", _save_pictures)
                patch.setattr("engine.training.samples.atomic_write", full)
            case "event log":
                patch.setattr("engine.training.event_log.EventLog.write", full)
        with pytest.raises(TrainingError, match="disk is full"):
            list(train(run))
    assert load_checkpoint(run.checkpoint_path).position == before
    assert not list(run.folder.rglob("*.partial"))
    rest = list(train(run))
    assert losses(rest) == losses(uninterrupted[1])[-len(losses(rest)) :]
    assert_same_detector(run.detector_path, uninterrupted[0].detector_path)


def test_a_disk_that_fills_up_while_torch_saves_raises_its_oserror(tmp_path: Path, monkeypatch) -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            if self.tell() + len(data) > 10_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    monkeypatch.setattr(checkpoint, "atomic_write", lambda _: contextlib.nullcontext(Full()))
    large = checkpoint.Checkpoint(checkpoint.StagePosition("motion"), {}, {"weights": torch.zeros(100, 100)})
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save_checkpoint(large, tmp_path / "checkpoint.pt")


def test_incomplete_files_of_a_killed_process_are_deleted(settings: RunSettings, run_folder: Path) -> None:
    run = Run.create(run_folder, settings)
    (run.folder / ".vadgui-0123abcd.partial").write_bytes(b"half")
    list(train(run, lambda: True))
    assert not list(run.folder.glob("*.partial"))


def uncalibrated(detector: Detector) -> Generator[Event, None, Calibrated]:
    """A stand-in for `calibrate` with too little held-out footage."""
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


def test_without_held_out_videos_the_last_model_is_the_best(settings: RunSettings, run_folder: Path) -> None:
    run = Run.create(run_folder, replace(settings, videos=settings.videos[:1]))
    events = list(train(run))
    assert [(e.held_out_loss, e.is_best) for e in events if isinstance(e, LossReported)] == [(None, True)] * 4


def test_a_single_video_is_used_for_training_and_calibration(
    settings: RunSettings, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calibrated_on: list[NormalFootage] = []
    monkeypatch.setattr(
        "engine.training.trainer.calibrate",
        lambda *args, **__: calibrated_on.append(args[2]) or uncalibrated(args[0]),
    )
    video = make_clip(tmp_path / "day.mp4", 61, fps=2)
    run = Run.create(run_folder, replace(settings, videos=(str(video),), motion_epochs=1, frame_epochs=1))
    events = list(train(run))
    assert all(event.held_out_loss is not None for event in events if isinstance(event, LossReported))
    (footage,) = calibrated_on
    assert (footage.held_out, footage.others, footage.since) == ([video], [], {video: 24.0})
    detector, _ = load_detector(run.detector_path)
    assert detector.settings.training["held_out_since"] == {"day.mp4": 24.0}


def test_footage_missing_for_calibration_is_an_error_only_once(ready: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk may be unplugged: the first attempt fails; if the run is resumed, the detector is saved uncalibrated."""

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


def test_held_out_signals_of_the_calibration_are_saved(ready: Run, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_detector_is_calibrated_unless_the_settings_disable_it(ready: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(
        "engine.training.trainer.calibrate",
        lambda *args, **__: calls.append("calibrate") or uncalibrated(args[0]),
    )
    ready.amend(calibrate=False)
    assert isinstance(list(train(ready))[-1], Finished)
    assert not calls
    ready.detector_path.unlink()
    ready.amend(calibrate=True)
    list(train(ready))
    assert calls == ["calibrate"]


@pytest.mark.parametrize("changes", [{"margin": False}, {"flow_guidance": False}])
def test_ablation_variants_can_be_trained(
    changes: dict, uninterrupted: tuple[Run, list[Event]], settings: RunSettings, run_folder: Path
) -> None:
    run = Run.create(run_folder, replace(settings, **changes))
    events = list(train(run))
    assert losses(events)[:2] == losses(uninterrupted[1])[:2]
    assert losses(events)[2] != losses(uninterrupted[1])[2]
    detector, _ = load_detector(run.detector_path)
    assert detector.settings.flow_guidance == changes.get("flow_guidance", True)
    assert detector.settings.training["margin"] == changes.get("margin", True)


def test_a_run_with_a_ready_motion_model_has_no_motion_stage(
    uninterrupted: tuple[Run, list[Event]], settings: RunSettings, run_folder: Path
) -> None:
    base_path = Path(shutil.copy(uninterrupted[0].detector_path, run_folder.with_name("base.safetensors")))
    base, _ = load_detector(base_path)
    run = Run.create(run_folder, replace(settings, motion_from=str(base_path), teacher="dis-fast"))
    events = list(train(run, lambda: run.checkpoint_path.exists()))
    base_path.unlink()  # a resumed run does not need it
    events += list(train(run))
    assert [(stage, epoch) for stage, epoch, *_ in losses(events)] == [("frame", 0), ("frame", 1)]
    assert load_footage(run.footage_folder).flow is None
    detector, _ = load_detector(run.detector_path)
    for name, tensor in base.motion.state_dict().items():
        torch.testing.assert_close(detector.motion.state_dict()[name], tensor, rtol=0, atol=0)
    assert detector.settings.flow_radius_px == base.settings.flow_radius_px
    assert detector.settings.teacher == "dis-ultrafast"


def test_a_detector_can_be_fine_tuned(
    uninterrupted: tuple[Run, list[Event]], settings: RunSettings, run_folder: Path
) -> None:
    base_path = uninterrupted[0].detector_path
    events = list(train(Run.create(run_folder, replace(settings, start_from=str(base_path)))))
    assert losses(events)[0][2] < losses(uninterrupted[1])[0][2]
    base, better = load_detector(base_path)[0], load_detector(run_folder / "detector.safetensors")[0]
    assert better.settings.flow_radius_px == base.settings.flow_radius_px
    assert better.settings.training["start_from"] == "detector.safetensors"


def test_a_flow_radius_in_the_settings_is_used_throughout(
    uninterrupted: tuple[Run, list[Event]], ready: Run, settings: RunSettings
) -> None:
    # Prepared footage does not depend on the radius: it has flow, not colours.
    measured = load_footage(ready.footage_folder).radius_px
    run = Run.create(ready.folder.with_name("named"), replace(settings, flow_radius_px=2.5 * measured))
    shutil.copytree(ready.footage_folder, run.footage_folder)
    events = list(train(run, lambda: run.checkpoint_path.exists()))
    assert isinstance(events[-1], Stopped)
    assert load_checkpoint(run.checkpoint_path).settings["flow_radius_px"] == 2.5 * measured
    events += list(train(run))
    detector, _ = load_detector(run.detector_path)
    assert detector.settings.flow_radius_px == detector.settings.training["flow_radius_px"] == 2.5 * measured
    # The flow is the same, but its colours depend on the radius.
    assert losses(events)[0][2] != losses(uninterrupted[1])[0][2]


def test_a_flow_radius_other_than_the_base_detector_s_is_refused(
    uninterrupted: tuple[Run, list[Event]], settings: RunSettings, run_folder: Path
) -> None:
    base_path = str(uninterrupted[0].detector_path)
    radius = load_detector(uninterrupted[0].detector_path)[0].settings.flow_radius_px
    for base in ({"start_from": base_path}, {"motion_from": base_path}):
        run = Run.create(run_folder, replace(settings, flow_radius_px=radius + 1, **base))
        with pytest.raises(TrainingError, match=f"a radius of {radius} px, not of {radius + 1}") as raised:
            list(train(run))
        assert raised.value.subject == base_path
        assert "--flow-radius" in raised.value.advice
        assert not run.footage_is_ready
    assert trainer.load_base_detectors(replace(settings, flow_radius_px=radius, start_from=base_path))


@pytest.mark.parametrize(
    ("changes", "what"),
    [({"preset": "fast"}, "of preset tiny, the run of fast"), ({"flow_guidance": False}, "guided by flow")],
)
def test_only_a_detector_of_the_same_preset_and_guidance_can_be_fine_tuned(
    changes: dict, what: str, uninterrupted: tuple[Run, list[Event]], settings: RunSettings, run_folder: Path
) -> None:
    run = Run.create(run_folder, replace(settings, start_from=str(uninterrupted[0].detector_path), **changes))
    with pytest.raises(TrainingError, match=what):
        list(train(run))
    assert not run.footage_is_ready  # the error comes before the footage is read, which may take hours


def test_a_missing_base_detector_is_an_error(settings: RunSettings, run_folder: Path) -> None:
    with pytest.raises(DetectorFileError):
        list(train(Run.create(run_folder, replace(settings, motion_from="gone.safetensors"))))


def test_a_folder_holds_only_one_run(uninterrupted: tuple[Run, list[Event]], settings: RunSettings) -> None:
    with pytest.raises(TrainingError, match="already holds"):
        Run.create(uninterrupted[0].folder, settings)


def test_a_run_that_failed_while_reading_can_be_created_again(settings: RunSettings, run_folder: Path) -> None:
    run = Run.create(run_folder, replace(settings, videos=(*settings.videos, str(run_folder / "gone.mp4"))))
    with pytest.raises(VideoError):
        list(train(run))
    assert isinstance(run.events()[-1], Failed)
    assert Run.create(run_folder, settings).settings == settings
    assert run.events() == []
    assert isinstance(list(train(run))[-1], Finished)


def test_a_folder_that_cannot_be_created_is_an_error(settings: RunSettings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match="can't be written"):
        Run.create(tmp_path / "file" / "run", settings)


def test_the_error_for_a_folder_without_a_run_says_how_to_begin_one(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no training run") as caught:
        list(train(Run(tmp_path)))
    assert "--footage" in caught.value.advice


def test_an_unexpected_exception_is_logged_in_the_run_folder(ready: Run, monkeypatch) -> None:
    def broken(*_: object) -> Iterator[Event]:
        raise KeyError("x")

    monkeypatch.setattr(stages, "flow_loss", broken)
    run = ready
    with pytest.raises(KeyError):
        list(train(run))
    assert isinstance(run.events()[-1], Failed)


def test_batch_order_depends_only_on_seed_stage_and_epoch() -> None:
    order = stages.epoch_order(np.arange(10), 3, "motion", 1)
    assert sorted(order) == list(range(10))
    assert order.tolist() == np.random.default_rng([3, False, 1]).permutation(10).tolist()
    assert np.concatenate(list(stages.batches(order, 4, 0))).tolist() == order[:8].tolist()
    assert np.concatenate(list(stages.batches(order, 4, 4))).tolist() == order[4:8].tolist()


def test_prefetched_batches_stay_in_order(monkeypatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    begun = threading.Barrier(4)

    def load(_: object, indices: np.ndarray) -> tuple[int]:
        begun.wait(30)  # raises BrokenBarrierError if fewer than four threads read at once
        time.sleep(0.01 * (3 - indices[0] % 4))  # of four batches, the first is ready last
        return (int(indices[0]),)

    parts = iter(np.arange(8)[:, None])
    prefetched = stages.prefetched(SimpleNamespace(load=load), None, parts)
    assert [number for (number,) in prefetched] == list(range(8))


@pytest.mark.parametrize(("detector_teacher", "expected"), [("raft", Path("w.pth")), ("dis-medium", None)])
def test_calibration_uses_the_weights_of_the_run_s_teacher_only(
    detector_teacher: str, expected: Path | None, ready: Run, settings: RunSettings, monkeypatch
) -> None:
    """A ready motion model may have another teacher, which must not get the run's weights file."""
    teacher_weights_used = []

    def calibrate(detector: Detector, *_: object, teacher_weights: Path | None) -> Generator[Event, None, Calibrated]:
        teacher_weights_used.append(teacher_weights)
        return uncalibrated(detector)

    monkeypatch.setattr(trainer, "calibrate", calibrate)
    detector = SimpleNamespace(settings=SimpleNamespace(teacher=detector_teacher, calibration=None))
    with_weights = replace(settings, teacher="raft", teacher_weights="w.pth")
    list(trainer._calibrate(detector, ready, with_weights, SimpleNamespace(plan=None), lambda: False))
    assert teacher_weights_used == [expected]
