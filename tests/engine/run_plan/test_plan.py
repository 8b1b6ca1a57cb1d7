"""Tests plans of tiny runs: their estimates against the real run, and all reasons for a refusal."""

from __future__ import annotations

import json
import os
from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner

from engine.__main__ import cli
from engine.analysis import pipeline
from engine.common import memory
from engine.common.errors import Cancelled, TeacherError
from engine.common.events import Progress
from engine.flow.teachers import teacher_by_name
from engine.models.detector import PRESETS, Detector, DetectorSettings, Preset, save_detector
from engine.models.predictor import Predictor
from engine.run_plan import EFFORTS, RunPlan, calibration_cost, context, free_memory, plan_efforts, plan_run, step_cost
from engine.run_plan.plan import in_one_line
from engine.scoring.sampling import SAMPLED
from engine.training import Run, RunSettings
from engine.training.stage_trainer import StageTrainer
from engine.training.trainer import train
from engine.video import open_video
from tests.engine.flow.networks.published import pwcnet_weights

FRAMES = 20
DiskUsage = namedtuple("DiskUsage", "total used free")


@pytest.fixture(autouse=True)
def _small_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use tiny presets, and few frames to time calibration with."""
    monkeypatch.setitem(PRESETS, "fast", Preset((8, 8), (8, 8), shrink=8))
    monkeypatch.setitem(PRESETS, "paper", Preset((16, 16), (16, 16), shrink=8))
    monkeypatch.setattr("engine.models.predictor._BATCH_ON_CPU_OF_FAST", 2)
    monkeypatch.setattr(calibration_cost, "_TRIED_FRAMES", 2)


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Three short videos of a bright square that moves right."""
    folders = []
    for start in (0, 20, 40):
        folder = tmp_path_factory.mktemp("video")
        for number in range(FRAMES):
            picture = np.full((64, 96, 3), 40, np.uint8)
            cv2.rectangle(picture, (start + number, 20), (start + number + 15, 40), (200, 180, 160), -1)
            cv2.imwrite(str(folder / f"{number}.png"), picture)
        folders.append(str(folder))
    return tuple(folders)


@pytest.fixture
def settings(videos: tuple[str, ...]) -> RunSettings:
    return RunSettings("Square", videos, motion_epochs=4, frame_epochs=2, batch_size=8, device="cpu")


def planned(settings: RunSettings, folder: Path) -> RunPlan:
    *progress, plan = plan_run(settings, folder)
    assert all(isinstance(each, Progress) for each in progress)
    assert isinstance(plan, RunPlan)
    return plan


@pytest.mark.slow
def test_a_plan_estimates_time_memory_and_disk_and_writes_nothing(settings: RunSettings, tmp_path: Path) -> None:
    plan = planned(settings, tmp_path / "run")
    assert plan.refusal is None
    assert (plan.frames, plan.transitions) == (3 * FRAMES, 2 * (FRAMES - 1))
    assert (plan.batch_size, plan.measured_on) == (8, "footage")
    assert "CPU" in plan.device
    motion, frame = plan.stages
    assert (motion.name, motion.epochs, frame.name, frame.epochs) == ("motion", 4, "frame", 2)
    for stage in plan.stages:
        # An epoch has 4 training steps, and validates 19 transitions in a third of the time each.
        assert stage.epoch_seconds == pytest.approx(stage.step_seconds * (4 + 19 / 3 / 8))
    learning_seconds = 4 * motion.epoch_seconds + 2 * frame.epoch_seconds
    assert plan.total_seconds == pytest.approx(plan.reading_seconds + learning_seconds + plan.judging_seconds)
    assert plan.reading_seconds > 0
    assert plan.memory_bytes == max(motion.memory_bytes, frame.memory_bytes)
    footage = 3 * FRAMES * (256 * 256 * 3 + 256 * 256 * 2 * 2)
    assert footage < plan.disk_needed_bytes < footage + 10**7
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_measured_steps_are_those_of_the_trainer(
    settings: RunSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    step = StageTrainer.step

    def counted(self: StageTrainer, batch: tuple[torch.Tensor, ...], *rest: object) -> object:
        sizes.append(len(batch[0]))
        return step(self, batch, *rest)

    monkeypatch.setattr(StageTrainer, "step", counted)
    planned(settings, tmp_path / "run")
    assert sizes == [2, 2, 8, 2, 2, 8]  # per stage: a step to measure memory, one to measure time, one of full size


@pytest.mark.slow
def test_memory_for_activations_is_counted(settings: RunSettings, tmp_path: Path) -> None:
    """Twice the batch size needs twice the memory for activations; wider models need more for these and for weights."""
    settings = replace(settings, videos=())
    memory = {size: planned(replace(settings, batch_size=size), tmp_path).stages[0].memory_bytes for size in (4, 8, 16)}
    assert memory[16] - memory[8] == pytest.approx(2 * (memory[8] - memory[4]), rel=0.02)
    detector = Detector(DetectorSettings("x", "fast", "dis", 1.0))
    weights = sum(each.nbytes for each in detector.parameters())
    learning = sum(each.nbytes for each in detector.motion.parameters())
    assert 2 * memory[4] - memory[8] == pytest.approx(weights + 3 * learning, rel=0.02)
    assert planned(replace(settings, preset="paper"), tmp_path).memory_bytes > memory[8]


@pytest.mark.slow
def test_the_batch_size_is_halved_until_it_fits(
    settings: RunSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = StageTrainer.step

    def limited(self: StageTrainer, batch: tuple[torch.Tensor, ...], *rest: object) -> object:
        if len(batch[0]) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return step(self, batch, *rest)

    monkeypatch.setattr(StageTrainer, "step", limited)
    plan = planned(settings, tmp_path)
    assert plan.batch_size == 2
    assert plan.refusal is None
    assert any("A batch of 8 does not fit" in note for note in plan.notes)


@pytest.mark.slow
def test_the_batch_size_is_limited_by_free_memory(
    settings: RunSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = {n: planned(replace(settings, videos=(), batch_size=n), tmp_path).memory_bytes for n in (1, 4)}
    monkeypatch.setattr(step_cost, "free_memory_bytes", lambda _: needed[4] / 0.9 + 1000)
    assert planned(settings, tmp_path).batch_size == 4
    monkeypatch.setattr(step_cost, "free_memory_bytes", lambda _: needed[1] / 2)
    refused = planned(settings, tmp_path)
    assert refused.refusal is not None
    assert refused.refusal.startswith("Not even one picture fits into the memory")
    assert refused.frames == 3 * FRAMES


@pytest.mark.slow
def test_another_runtime_error_is_not_out_of_memory(
    settings: RunSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(StageTrainer, "step", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        planned(settings, tmp_path)


@pytest.mark.slow
def test_efforts_are_compared_and_each_preset_is_measured_once(
    settings: RunSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = []
    measure = step_cost.measure_stages
    monkeypatch.setattr(step_cost, "measure_stages", lambda s, *rest: measured.append(s.preset) or measure(s, *rest))
    events = list(plan_efforts(settings, tmp_path))
    first, plans = (event for event in events if isinstance(event, dict))
    assert set(first) == {"quick", "standard"}
    assert isinstance(events[events.index(first) + 1], Progress)  # it goes on
    assert list(plans) == ["quick", "standard", "thorough"]
    assert measured == ["fast", "paper"]
    for name, plan in plans.items():
        assert [stage.epochs for stage in plan.stages] == [EFFORTS[name].motion_epochs, EFFORTS[name].frame_epochs]
    assert plans["quick"].total_seconds < plans["standard"].total_seconds
    shares = [event.done / event.total for event in events if isinstance(event, Progress)]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)


@pytest.mark.slow
def test_without_footage_synthetic_pictures_are_measured(settings: RunSettings, tmp_path: Path) -> None:
    plan = planned(replace(settings, videos=()), tmp_path)
    assert plan.refusal == "There is no footage to learn from yet."
    assert plan.measured_on == "synthetic pictures"
    assert [stage.name for stage in plan.stages] == ["motion", "frame"]
    assert plan.stages[0].step_seconds > 0


@pytest.mark.slow
def test_parts_left_out_and_videos_held_out_are_not_counted(settings: RunSettings, tmp_path: Path) -> None:
    # Picture folders have 25 fps: the first 10 of 20 frames of the first video are left out.
    first, second, _ = settings.videos
    plan = planned(replace(settings, held_out=(second,), left_out={first: ((0.0, 0.4),)}), tmp_path)
    assert (plan.frames, plan.transitions) == (2 * FRAMES + 10, 9 + FRAMES - 1)


@pytest.mark.slow
def test_a_run_with_a_ready_motion_model_plans_one_stage(settings: RunSettings, tmp_path: Path) -> None:
    base = tmp_path / "base.safetensors"
    save_detector(Detector(DetectorSettings("base", "fast", "dis-medium", 3.0)), base)
    whole = planned(settings, tmp_path)
    plan = planned(replace(settings, motion_from=str(base)), tmp_path)
    assert [stage.name for stage in plan.stages] == ["frame"]
    assert plan.disk_needed_bytes < whole.disk_needed_bytes


@pytest.mark.slow
def test_the_time_for_calibration_is_estimated(
    settings: RunSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a fake clock: samples of all videos are measured twice, those of the held-out one judged three times."""
    with open_video(settings.videos[0]) as source:
        samples = len(SAMPLED.frames(source.times))
    assert samples > 2
    clock = [0.0]
    monkeypatch.setattr(calibration_cost, "time", SimpleNamespace(perf_counter=lambda: clock[0]))

    def taking(seconds: float, work: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        def timed(*args: Any, **options: Any) -> Iterator[Any]:
            for each in work(*args, **options):
                clock[0] += seconds
                yield each

        return timed

    slow = SimpleNamespace(motions=taking(0.25, pipeline.motions), judge=taking(2.0, pipeline.judge))
    monkeypatch.setattr(calibration_cost, "pipeline", slow)
    assert planned(settings, tmp_path).judging_seconds == pytest.approx(2 * 3 * samples * 0.25 + 3 * samples * 2.0)
    monkeypatch.setattr("engine.calibrating.calibrate._MAX_HELD_OUT_FRAMES", 2)
    assert planned(settings, tmp_path).judging_seconds == pytest.approx(2 * 3 * samples * 0.25 + 3 * 2 * 2.0)
    assert planned(replace(settings, calibrate=False), tmp_path).judging_seconds == 0
    assert planned(replace(settings, videos=settings.videos[:1]), tmp_path).judging_seconds == 0


@pytest.fixture
def calibration_teachers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fingerprints of the teachers that calibration was timed with, in order."""
    used: list[str] = []

    def opened(*args: Any, **options: Any) -> Predictor:
        predictor = Predictor(*args, **options)
        used.append(predictor.teacher.fingerprint)
        return predictor

    monkeypatch.setattr(calibration_cost, "Predictor", opened)
    monkeypatch.setattr(context, "_SAMPLE_FRAMES", 3)
    return used


@pytest.mark.slow
def test_calibration_is_timed_with_the_teacher_of_the_given_weights(
    settings: RunSettings, tmp_path: Path, calibration_teachers: list[str]
) -> None:
    weights = tmp_path / "pwcnet.pth"
    torch.save(pwcnet_weights()[0], weights)
    named = replace(settings, preset="paper", teacher="pwcnet", teacher_weights=str(weights))
    assert planned(named, tmp_path / "run").refusal is None
    assert calibration_teachers == [teacher_by_name("pwcnet", weights=weights).fingerprint]


@pytest.fixture
def motion_of(tmp_path: Path) -> Callable[[str], str]:
    """A function that saves a detector with the named teacher and returns its path."""

    def save(teacher: str) -> str:
        path = tmp_path / f"{teacher}.safetensors"
        save_detector(Detector(DetectorSettings("base", "fast", teacher, 3.0)), path)
        return str(path)

    return save


@pytest.mark.slow
def test_a_ready_motion_model_is_calibrated_with_its_own_teacher(
    settings: RunSettings, tmp_path: Path, calibration_teachers: list[str], motion_of: Callable[[str], str]
) -> None:
    """Neither the run's own teacher nor its weights file matter."""
    given = replace(settings, motion_from=motion_of("dis-fast"))
    gone = replace(given, teacher_weights=str(tmp_path / "gone.pth"))
    for named in (given, replace(given, teacher="raft"), gone, replace(gone, teacher="pwcnet")):
        assert planned(named, tmp_path / "run").refusal is None
    assert calibration_teachers == ["dis-fast"] * 4


@pytest.mark.slow
def test_weights_are_used_for_a_ready_motion_model_of_the_given_teacher(
    settings: RunSettings, tmp_path: Path, calibration_teachers: list[str], motion_of: Callable[[str], str]
) -> None:
    weights = tmp_path / "weights.pth"
    torch.save(pwcnet_weights()[0], weights)
    named = replace(settings, motion_from=motion_of("pwcnet"), teacher="pwcnet", teacher_weights=str(weights))
    assert planned(named, tmp_path / "run").refusal is None
    assert calibration_teachers == [teacher_by_name("pwcnet", weights=weights).fingerprint]


@pytest.mark.parametrize("held_out", [True, False])
def test_a_ready_motion_model_without_its_teacher_s_weights_is_refused_by_plan_and_run(
    settings: RunSettings, tmp_path: Path, held_out: bool, motion_of: Callable[[str], str]
) -> None:
    videos = settings.videos if held_out else settings.videos[:1]
    taken = replace(settings, videos=videos, motion_from=motion_of("raft"))
    plan = planned(taken, tmp_path / "run")
    assert str(plan.refusal).startswith("The teacher raft needs a file of weights")
    assert not plan.stages  # refused before any step is measured
    run = Run.create(tmp_path / "run", taken)
    with pytest.raises(TeacherError) as raised:
        list(train(run))
    assert plan.refusal == in_one_line(raised.value)
    assert not run.footage_is_ready
    assert planned(replace(taken, calibrate=False), tmp_path / "unjudged").refusal is None


def test_weights_without_a_teacher_are_not_used_for_a_ready_motion_model(
    settings: RunSettings, tmp_path: Path, motion_of: Callable[[str], str]
) -> None:
    alone = replace(settings, motion_from=motion_of("raft"), teacher_weights=str(tmp_path / "raft.pth"))
    assert "--teacher raft goes with the file" in str(planned(alone, tmp_path / "run").refusal)
    both = replace(alone, teacher="raft")
    assert "no such weights file" in str(planned(both, tmp_path / "run").refusal)


@pytest.mark.slow
def test_too_little_held_out_footage_for_calibration_is_a_note(settings: RunSettings, tmp_path: Path) -> None:
    said = "Only 1 s are held out: from less than 30 s"
    assert any(said in note for note in planned(settings, tmp_path).notes)
    assert not any(said in note for note in planned(replace(settings, calibrate=False), tmp_path).notes)


@pytest.mark.slow
def test_times_measured_on_a_busy_machine_have_an_undisturbed_estimate(
    settings: RunSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure, shares = step_cost.measure_stages, [0.9, 0.25]

    def shared(*args: Any) -> Iterator[Any]:
        for share, measured in zip(shares, measure(*args), strict=True):
            yield replace(measured, undisturbed_share=share)

    monkeypatch.setattr(step_cost, "measure_stages", shared)
    plan = planned(settings, tmp_path)
    assert plan.undisturbed_seconds == pytest.approx(plan.total_seconds / 4)
    assert plan.busy_note().startswith("Other programs keep this machine busy: without them it would take about ")
    assert plan.busy_note() in plan.notes
    shares[1] = 0.9
    plan = planned(settings, tmp_path)
    assert (plan.undisturbed_seconds, plan.busy_note()) == (None, "")
    assert not any("busy" in note for note in plan.notes)


@pytest.mark.slow
def test_a_single_short_video_is_a_note(settings: RunSettings, tmp_path: Path) -> None:
    plan = planned(replace(settings, videos=settings.videos[:1]), tmp_path)
    assert any("No video is held out" in note for note in plan.notes)


# Refusals


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"videos": ("gone.mp4",)}, "There is no such file: gone.mp4"),
        ({"device": "cuda:77"}, "No such CUDA device"),
        ({"device": "quantum"}, "Unknown device"),
        ({"teacher": "oracle"}, "Unknown optical-flow teacher"),
        ({"start_from": "gone.safetensors"}, "There is no detector file"),
        ({"held_out": ("other.mp4",)}, "not among the footage"),
        ({"cache_max_bytes": 10**6}, "limit"),
    ],
)
def test_invalid_settings_are_refused_with_the_reason(
    settings: RunSettings, tmp_path: Path, changes: dict, said: str
) -> None:
    refusal = planned(replace(settings, **changes), tmp_path).refusal
    assert refusal is not None
    assert said in refusal
    assert "\n" not in refusal


def test_videos_without_transitions_are_refused(settings: RunSettings, tmp_path: Path) -> None:
    folder = tmp_path / "single"
    folder.mkdir()
    cv2.imwrite(str(folder / "0.png"), np.zeros((64, 64, 3), np.uint8))
    refusal = planned(replace(settings, videos=(str(folder),)), tmp_path / "run").refusal
    assert refusal is not None
    assert "nothing to learn from" in refusal


@pytest.mark.slow
def test_a_full_disk_is_refused(settings: RunSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    footage = 3 * FRAMES * 458_752
    monkeypatch.setattr("shutil.disk_usage", lambda _: DiskUsage(10**9, 0, footage - 1))
    plan = planned(settings, tmp_path)
    assert plan.refusal is not None
    assert "on disk" in plan.refusal
    assert plan.stages  # a refused plan still has its estimates
    # Checkpoints and the detector need disk space too.
    monkeypatch.setattr("shutil.disk_usage", lambda _: DiskUsage(10**9, 0, footage + 1))
    assert "on disk" in str(planned(settings, tmp_path).refusal)


@pytest.mark.slow
def test_a_folder_that_is_locked_or_not_writable_is_refused(settings: RunSettings, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", settings)
    assert planned(settings, run.folder).refusal is None
    with run.lock():
        assert f"({os.getpid()})" in str(planned(settings, run.folder).refusal)
    (tmp_path / "file").touch()
    assert "can't be written" in str(planned(settings, tmp_path / "file" / "run").refusal)


@pytest.mark.slow
def test_a_run_that_has_read_its_footage_can_be_resumed_but_not_replaced(settings: RunSettings, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", settings)
    seen: list = []
    for event in train(run, should_stop=lambda: run.footage_is_ready):
        seen.append(event)  # noqa: PERF402 - iterates until training stops
    plan = planned(settings, run.folder)
    assert (plan.refusal, plan.reading_seconds) == (None, 0.0)
    assert plan.judging_seconds > 0
    assert (plan.frames, plan.transitions) == (3 * FRAMES, 2 * (FRAMES - 1))
    assert plan.disk_needed_bytes < 10**7  # checkpoints alone
    other = planned(replace(settings, name="Other"), run.folder)
    assert "already holds a training run" in str(other.refusal)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_planning_can_be_stopped_at_any_time(settings: RunSettings, tmp_path: Path, share: float) -> None:
    asked: list[bool] = []
    list(plan_run(settings, tmp_path, lambda: asked.append(True) or False))
    last = round((len(asked) - 1) * share)
    asked.clear()
    with pytest.raises(Cancelled):
        list(plan_run(settings, tmp_path, lambda: asked.append(True) or len(asked) > last))
    assert len(asked) == last + 1


# Memory


def test_free_memory_is_the_minimum_of_linux_and_the_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:  8000 kB\nMemAvailable:  5000 kB\n")
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "_CONTAINER", tmp_path)
    cpu = torch.device("cpu")
    assert free_memory.free_memory_bytes(cpu) == 5000 * 1024
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory.free_memory_bytes(cpu) == 5000 * 1024
    (tmp_path / "memory.max").write_text("3000000\n")
    (tmp_path / "memory.stat").write_text("anon 1000000\nfile 1500000\nkernel 500000\n")
    assert free_memory.free_memory_bytes(cpu) == 1_500_000
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "gone")
    monkeypatch.setattr(memory, "_CONTAINER", tmp_path / "gone")
    assert free_memory.free_memory_bytes(cpu) is None


# The command


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, ["plan", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.slow
def test_the_command_compares_efforts_and_prints_how_to_begin(settings: RunSettings, tmp_path: Path) -> None:
    options = [word for video in settings.videos for word in ("--footage", video)]
    code, text, _ = run(tmp_path / "run", *options, "--device", "cpu")
    assert code == 0
    for line in ("Runs on CPU", "60 frames, 38 transitions", "judging held-out footage: ", "in all: about", *EFFORTS):
        assert line in text
    assert f"-> vad train {tmp_path / 'run'} --footage {settings.videos[0]}" in text
    assert "--preset fast --motion-epochs 5 --frame-epochs 3 --batch-size 16" in text


@pytest.mark.slow
def test_the_command_plans_one_effort_as_json(settings: RunSettings, tmp_path: Path) -> None:
    code, text, _ = run(tmp_path / "run", "--footage", settings.videos[0], "--effort", "quick", "--json")
    (plan,) = [json.loads(text)["quick"]]
    assert code == 0
    assert plan["refusal"] is None
    assert [stage["epochs"] for stage in plan["stages"]] == [5, 3]
    assert plan["total_seconds"] > 0


def test_the_command_refuses_with_the_reason(settings: RunSettings, tmp_path: Path) -> None:
    code, text, _ = run(tmp_path / "run", "--footage", settings.videos[0], "--device", "cuda:77")
    assert (code, text.startswith("It can't be begun: No such CUDA device")) == (1, True)
    assert run(tmp_path / "run")[0] == 1
    assert run(tmp_path, "--footage", settings.videos[0], "--effort", "quick", "--preset", "paper")[0] == 2


@pytest.mark.slow
def test_the_command_plans_an_existing_run(settings: RunSettings, tmp_path: Path) -> None:
    folder = Run.create(tmp_path / "run", settings).folder
    code, text, _ = run(folder, "--json")
    assert code == 0
    assert [stage["epochs"] for stage in json.loads(text)["run"]["stages"]] == [4, 2]
