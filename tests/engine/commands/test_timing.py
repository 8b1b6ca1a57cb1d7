"""`vad timing` from its command line; the measurement itself is tested elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.__main__ import cli
from engine.commands.output import Output
from engine.common.events import Progress
from engine.evaluation.timing import Timing
from engine.models.predictor import Predictor
from tests.engine.commands.conftest import MakeDataset


@pytest.fixture(autouse=True)
def _cache(cache: Path) -> None:
    """Every test has an empty cache of analyses."""


@pytest.fixture
def _few_repetitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Timing with the fewest repetitions that give a median."""
    monkeypatch.setattr("engine.evaluation.timing.FRAMES", 12)
    monkeypatch.setattr("engine.evaluation.timing._MIN_REPETITIONS", 2)
    monkeypatch.setattr("engine.evaluation.timing._MAX_REPETITIONS", 2)
    monkeypatch.setattr("engine.evaluation.timing._ROUNDS", 1)
    monkeypatch.setattr("engine.evaluation.timing._BATCHES_ON_CPU", (2,))


TIMED = Timing(9.0, 8.0, 2, 10.0, 9.0, "CPU", 2, 0.0)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["timing", *map(str, arguments)])


@pytest.mark.usefixtures("_few_repetitions")
def test_timing_of_a_detector_on_a_dataset_s_frames(
    make_dataset: MakeDataset, detector_file: Path, tmp_path: Path
) -> None:
    report = tmp_path / "timing.json"
    result = run(make_dataset(), "--detector", detector_file, "--device", "cpu", "--json", report)
    assert result.exit_code == 0, result.output
    assert "tiny, video testing/01, 96 x 64 px" in result.stdout
    assert [line.split()[0] for line in result.stdout.splitlines()[-2:]] == ["prediction", "detection"]
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found["prediction_fps"] > 0
    assert found["detection_fps"] > 0
    assert found["threads"] >= 1
    assert found["machine"]["processor"]
    assert found["processor_denied"] is None or 0 <= found["processor_denied"] < 1
    assert "CPU" in found["device"]
    assert found["command"].startswith("vad timing ")


@pytest.mark.parametrize(("share", "said"), [(0.5, "had 50 % of the processor time"), (0.01, ""), (None, "")])
def test_timing_warns_if_other_programs_used_the_processor(
    detector_file: Path, monkeypatch: pytest.MonkeyPatch, share: float | None, said: str
) -> None:
    found = replace(TIMED, processor_denied=share)
    monkeypatch.setattr("engine.evaluation.timing.time_detector", lambda *_: iter([Progress("Timing", 0, 1), found]))
    result = run("--detector", detector_file)
    assert result.exit_code == 0
    assert said in result.stderr
    assert ("figures are too low" in result.stderr) is bool(said)


def test_timing_needs_frames_and_no_labels(
    make_dataset: MakeDataset, detector_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []

    def record(_: Predictor, frames: list[object]) -> Iterator[Progress | Timing]:
        counts.append(len(frames))
        yield Progress("Timing", 0, 1)
        yield TIMED

    monkeypatch.setattr("engine.evaluation.timing.time_detector", record)
    dataset = make_dataset()
    (dataset / "frame_labels.npz").unlink()
    for path, named in ((dataset, "tiny, video testing/01,"), (dataset / "training" / "01", "video 01,")):
        result = run(path, "--detector", detector_file, "--device", "cpu")
        assert result.exit_code == 0, result.output
        assert f"\n{named}" in result.stdout
    assert counts == [6, 4]
    nothing = run(dataset / "absent", "--detector", detector_file)
    assert nothing.exit_code == 1
    assert str(dataset / "absent") in nothing.stderr


def test_timing_takes_a_preset_or_a_detector(detector_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    timed: list[object] = []

    def record(predictor: Predictor, dataset: object, output: Output) -> None:
        timed.extend([predictor.settings.preset, dataset, output.command])

    monkeypatch.setattr("engine.commands.timing.report_timing", record)
    assert run("--preset", "fast", "--device", "cpu").exit_code == 0
    assert timed == ["fast", None, "vad timing --preset fast --device cpu"]
    assert run("--detector", "plaza").exit_code == 0
    assert timed[-1] == "vad timing --detector plaza"
    both = run("--preset", "fast", "--detector", detector_file)
    neither = run()
    for result in (both, neither):
        assert result.exit_code == 2, result.output


@pytest.mark.parametrize("foreign", [["--plots", "plots"], ["--max-i", "1"], ["--seed", "1"]])
def test_an_option_of_another_command_is_refused(detector_file: Path, foreign: list[str]) -> None:
    result = run("absent", "--detector", detector_file, *foreign)
    assert result.exit_code == 2
    assert "No such option" in result.stderr
    assert foreign[0] in result.stderr


@pytest.mark.parametrize("content", [b'{"version": 3, "recordings": []}', b"\x20\x00", b"[1]"])
def test_a_report_replaces_no_other_file(detector_file: Path, tmp_path: Path, content: bytes) -> None:
    kept = tmp_path / "kept.json"
    kept.write_bytes(content)
    result = run("--detector", detector_file, "--json", kept)
    assert result.exit_code == 1, result.output
    assert "There is such a file already, and it is no report" in result.stderr
    assert kept.read_bytes() == content
