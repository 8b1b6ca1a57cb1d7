import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import click
import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from engine.__main__ import cli
from engine.common.events import CheckpointSaved, Event, Failed, Finished, LossReported, Stopped, from_json_line
from engine.training import Run, RunSettings
from tests.clips import make_clip

ROOT = Path(__file__).parents[3]


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    folder = tmp_path / "footage" / "clip"
    folder.mkdir(parents=True)
    for number in range(4):
        picture = np.roll(np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8), number, axis=1)
        cv2.imwrite(str(folder / f"{number}.png"), picture)
    return tmp_path / "footage"


def start(*arguments: str, module: str = "tests.tiny") -> subprocess.Popen[str]:
    """Start `vad train` in a process, by default through `tests.tiny`, which has models of a few weights."""
    return subprocess.Popen(
        [sys.executable, "-m", module, "train", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


@pytest.mark.slow
def test_a_supervised_run_prints_json_lines_and_writes_a_detector(footage: Path, tmp_path: Path) -> None:
    options = ["--footage", str(footage), "--motion-epochs", "1", "--frame-epochs", "1", "--batch-size", "2"]
    # The supervisor keeps stdin open: its end would mean "stop".
    with start(str(tmp_path / "run"), *options, "--device", "cpu", "--supervised", module="engine") as process:
        events = [from_json_line(line) for line in process.stdout]
        errors = process.stderr.read()
        process.stdin.close()
    assert process.returncode == 0, errors
    assert [event.stage for event in events if isinstance(event, LossReported)] == ["motion", "frame"]
    assert events[-1] == Finished(str(tmp_path / "run" / "detector.safetensors"))
    assert Path(events[-1].path).stat().st_size > 1_000_000


def drive(process: subprocess.Popen[str], on_event: Callable[[Event], None]) -> list[Event]:
    """All events of a supervised process; `on_event` gets each and may write to the process's stdin."""
    watchdog = threading.Timer(120, process.kill)
    watchdog.start()
    events = []
    for line in process.stdout:
        events.append(from_json_line(line))
        on_event(events[-1])
    watchdog.cancel()
    return events


AT_ONCE_SECONDS = 20  # it takes 2 on an idle machine
LONG = ["--motion-epochs", "5000", "--frame-epochs", "5000", "--batch-size", "2", "--device", "cpu"]


@pytest.mark.slow
@pytest.mark.parametrize("command", ["stop\n", ""])
def test_stop_and_the_end_of_stdin_both_stop_it_at_once(command: str, footage: Path, tmp_path: Path) -> None:
    asked = []

    def answer(event: Event) -> None:
        if isinstance(event, CheckpointSaved) and not process.stdin.closed:
            process.stdin.write(command)
            process.stdin.close()
            asked.append(time.monotonic())

    with start(str(tmp_path / "run"), "--footage", str(footage), *LONG, "--supervised") as process:
        events = drive(process, answer)
        errors = process.stderr.read()
    assert time.monotonic() - asked[0] < AT_ONCE_SECONDS
    assert process.returncode == 0, errors
    assert isinstance(events[-1], Stopped)
    assert (tmp_path / "run" / "checkpoint-last.pt").exists()


@pytest.mark.slow
def test_a_supervisor_that_dies_leaves_a_run_that_stopped_safely(footage: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    with start(str(run.folder), "--footage", str(footage), *LONG, "--supervised") as process:
        while not run.checkpoint_path.exists() and process.poll() is None:
            time.sleep(0.05)
        process.stdout.close()  # stdin stays open: closing stdout alone stops the run
        errors = process.stderr.read()
        process.stdin.close()
    assert process.returncode == 0, errors
    assert isinstance(run.events()[-1], Stopped)


@pytest.mark.slow
def test_finish_ends_each_stage_with_the_best_so_far(footage: Path, tmp_path: Path) -> None:
    finished = set()

    def answer(event: Event) -> None:
        if isinstance(event, LossReported) and event.stage not in finished:
            finished.add(event.stage)
            process.stdin.write("finish\n")
            process.stdin.flush()

    with start(str(tmp_path / "run"), "--footage", str(footage), *LONG, "--supervised") as process:
        events = drive(process, answer)
        process.stdin.close()
        errors = process.stderr.read()
    assert process.returncode == 0, errors
    assert events[-1] == Finished(str(tmp_path / "run" / "detector.safetensors"))


@pytest.mark.slow
def test_an_unsupervised_run_obeys_its_request_file(footage: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    with start(str(run.folder), "--footage", str(footage), *LONG) as process:
        while not run.checkpoint_path.exists() and process.poll() is None:
            time.sleep(0.05)
        assert run.process_id == process.pid
        second = CliRunner().invoke(cli, ["train", str(run.folder)])
        run.request("stop")
        asked = time.monotonic()
        _, errors = process.communicate(timeout=60)
    assert time.monotonic() - asked < AT_ONCE_SECONDS
    assert process.returncode == 0, errors
    assert isinstance(run.events()[-1], Stopped)
    assert second.exit_code == 1
    assert f"Another process ({process.pid}) trains in this folder" in second.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no polite kill")
def test_sigterm_stops_a_run_safely(footage: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    with start(str(run.folder), "--footage", str(footage), *LONG) as process:
        while not run.checkpoint_path.exists() and process.poll() is None:
            time.sleep(0.05)
        process.terminate()
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert isinstance(run.events()[-1], Stopped)


def test_an_error_is_reported_as_an_event(tmp_path: Path) -> None:
    ran = CliRunner().invoke(cli, ["train", str(tmp_path / "run"), "--footage", str(tmp_path / "gone"), "--supervised"])
    assert ran.exit_code == 1
    event = from_json_line(ran.stdout.splitlines()[-1])
    assert isinstance(event, Failed)
    assert event.what in ran.stderr


def test_footage_that_is_not_there_is_an_error_in_three_parts(tmp_path: Path) -> None:
    with start(str(tmp_path / "run"), "--footage", str(tmp_path / "gone"), module="engine") as process:
        _, errors = process.communicate()
    assert process.returncode == 1
    assert "no such file or folder" in errors
    assert "gone" in errors
    assert not (tmp_path / "run").exists()


def test_the_options_become_the_runs_settings(footage: Path, tmp_path: Path) -> None:
    held_out = tmp_path / "other" / "clip"
    shutil.copytree(footage / "clip", held_out)
    clip = str(footage / "clip")
    options = ["--footage", str(footage), "--held-out", str(held_out), "--leave-out", clip, "0", "0.04"]
    options += ["--leave-out", clip, "1", "2.5", "--no-margin", "--no-flow-guidance", "--motion-lr", "0.001"]
    options += ["--cache-gb", "0.000001", "--teacher", "dis-fast", "--flow-radius", "2.5", "--device", "cpu"]
    ran = CliRunner().invoke(cli, ["train", str(tmp_path / "run"), *options])
    assert ran.exit_code == 1  # a cache of a kilobyte is too small
    assert Run(tmp_path / "run").settings == RunSettings(
        "run",
        (clip, str(held_out)),
        held_out=(str(held_out),),
        left_out={clip: ((0.0, 0.04), (1.0, 2.5))},
        margin=False,
        flow_guidance=False,
        motion_learning_rate=0.001,
        cache_max_bytes=1000,
        teacher="dis-fast",
        flow_radius_px=2.5,
        device="cpu",
    )


def test_a_run_is_resumed_with_another_batch_size(footage: Path, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", RunSettings("run", (str(footage / "clip"),), cache_max_bytes=1000, device="cpu"))
    options = ["--batch-size", "4", "--frame-lr", "1e-5"]
    CliRunner().invoke(cli, ["train", str(run.folder), *options])
    assert (run.settings.batch_size, run.settings.frame_learning_rate) == (4, 1e-5)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--motion-epochs", "5"], "--motion-epochs needs --footage"),
        (["--flow-radius", "2"], "--flow-radius needs --footage"),
        *((["--footage", "x", "--flow-radius", radius], "--flow-radius") for radius in ("0", "-1", "inf", "nan")),
        (["--footage", "x", "--motion-lr", "-1"], "--motion-lr"),
        (["--footage", "x", "--seed", "-1"], "--seed"),
        (["--footage", ".", "--leave-out", ".", "3", "2"], "the second time must be the later one"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: list[str], said: str, tmp_path: Path) -> None:
    ran = CliRunner().invoke(cli, ["train", str(tmp_path / "run"), *options])
    assert ran.exit_code == 2
    assert said in ran.stderr


def test_every_option_says_what_it_is() -> None:
    for name in cli.list_commands(click.Context(cli)):
        command = cli.get_command(click.Context(cli), name)
        unsaid = [each.opts[0] for each in command.params if isinstance(each, click.Option) and not each.help]
        assert not unsaid, name


@pytest.mark.parametrize(
    "arguments",
    [["--motion-lr", "nan"], ["--flow-radius", "inf"], ["--seed", str(2**63)], ["--cache-gb", "inf"]],
    ids=" ".join,
)
def test_numbers_that_are_none_are_refused(tmp_path: Path, arguments: list[str]) -> None:
    clip = make_clip(tmp_path / "a.mp4", 10)
    result = CliRunner().invoke(cli, ["train", str(tmp_path / "run"), "--footage", str(clip), *arguments])
    assert result.exit_code == 2
    assert arguments[0] in result.output
    assert not (tmp_path / "run").exists()
