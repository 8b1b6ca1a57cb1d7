import subprocess
import sys
import threading
from pathlib import Path

import click
import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from engine.__main__ import cli
from engine.events import CheckpointSaved, Finished, LossReported, Stopped, from_json_line


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    folder = tmp_path / "footage" / "clip"
    folder.mkdir(parents=True)
    for number in range(4):
        picture = np.roll(np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8), number, axis=1)
        cv2.imwrite(str(folder / f"{number}.png"), picture)
    return tmp_path / "footage"


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "engine", "train", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def test_a_supervised_run_speaks_json_lines_and_leaves_a_detector(footage: Path, tmp_path: Path) -> None:
    options = ["--footage", str(footage), "--motion-epochs", "1", "--frame-epochs", "1", "--batch-size", "2"]
    # The supervisor keeps stdin open: its end would mean "stop".
    with start(str(tmp_path / "run"), *options, "--device", "cpu", "--supervised") as process:
        events = [from_json_line(line) for line in process.stdout]
        errors = process.stderr.read()
        process.stdin.close()
    assert process.returncode == 0, errors
    assert [event.stage for event in events if isinstance(event, LossReported)] == ["motion", "frame"]
    assert events[-1] == Finished(str(tmp_path / "run" / "detector.safetensors"))
    assert Path(events[-1].path).stat().st_size > 1_000_000


@pytest.mark.parametrize("command", ["stop\n", ""])
def test_stop_and_the_end_of_stdin_both_stop_it(command: str, footage: Path, tmp_path: Path) -> None:
    options = ["--footage", str(footage), "--motion-epochs", "5000", "--batch-size", "2", "--device", "cpu"]
    with start(str(tmp_path / "run"), *options, "--supervised") as process:
        watchdog = threading.Timer(120, process.kill)
        watchdog.start()
        events = []
        for line in process.stdout:
            events.append(from_json_line(line))
            if isinstance(events[-1], CheckpointSaved) and not process.stdin.closed:
                process.stdin.write(command)
                process.stdin.close()
        errors = process.stderr.read()
        watchdog.cancel()
    assert process.returncode == 0, errors
    assert isinstance(events[-1], Stopped)
    assert (tmp_path / "run" / "checkpoint-last.pt").exists()


def test_footage_that_is_not_there_is_an_error_in_three_parts(tmp_path: Path) -> None:
    with start(str(tmp_path / "run"), "--footage", str(tmp_path / "gone")) as process:
        _, errors = process.communicate()
    assert process.returncode == 1
    assert "no such file or folder" in errors
    assert "gone" in errors
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--motion-epochs", "5"], "--motion-epochs needs --footage"),
        (["--footage", "x", "--motion-lr", "-1"], "--motion-lr"),
        (["--footage", "x", "--seed", "-1"], "--seed"),
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
