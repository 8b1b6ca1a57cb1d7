"""A detector that is trained anew is asked what it makes of confirmed segments, with real videos."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.__main__ import cli
from engine.commands.progress import finished
from engine.common.events import Event, Finished
from engine.models.detector import Detector, DetectorSettings, load_detector, save_detector
from engine.review.document import DetectorUsed, JudgedSegment, Verdict
from engine.training import Run, RunSettings
from engine.training.confirmed import confirmed_effects, may_lose_verdicts
from tests.conftest import MakeOnce
from tests.drift import LEFT, SEGMENT, film, normal_films, write_drift_detector
from tests.engine.commands.reviews import write_review

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


Videos = tuple[Path, Path, Path]


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One for all tests: what was analysed once is not analysed again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VADGUI_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Videos:
    folder = tmp_path_factory.mktemp("confirmed")
    return *normal_films(folder), film(folder / "left.avi", 5, LEFT)


@pytest.fixture(scope="module")
def before(videos: Videos, drift_file: Path) -> Path:
    """A detector that has never seen anything move to the left, and a review by it."""
    confirm(videos[2], drift_file)
    return drift_file


@pytest.fixture(scope="module")
def trained(make_once: MakeOnce, videos: Videos, tiny_preset: str) -> Path:
    """One that has."""
    return make_once("drift-also-left.safetensors", lambda path: write_drift_detector(path, videos, tiny_preset))


def run_settings(videos: tuple[Path, ...], before: Path) -> RunSettings:
    names = tuple(map(str, videos))
    return RunSettings("Drift", names, left_out={names[-1]: ((20.0, 26.0),)}, start_from=str(before), device="cpu")


def confirm(video: Path, by: Path) -> None:
    judged = JudgedSegment(start=SEGMENT.start, stop=SEGMENT.stop, verdict=Verdict.CONFIRMED, covers=SEGMENT)
    write_review(video, judged, detector=DetectorUsed("Drift", load_detector(by)[1]), score="calibrated")


def test_what_the_new_detector_takes_as_normal_is_told(videos: Videos, before: Path, trained: Path) -> None:
    found = finished(confirmed_effects(run_settings(videos, before), trained, "cpu"))
    (effect,) = found.effects
    assert effect.path == videos[2]
    assert effect.before >= effect.enter > effect.after
    assert effect.is_lost


def test_a_recording_of_which_nothing_is_known_is_named(
    videos: Videos, before: Path, tiny_preset: str, tmp_path: Path
) -> None:
    uncalibrated = tmp_path / "uncalibrated.safetensors"
    save_detector(Detector(DetectorSettings("Drift", tiny_preset, "dis-ultrafast", 8.0)).eval(), uncalibrated)
    found = finished(confirmed_effects(run_settings(videos, before), uncalibrated, "cpu"))
    assert not found.effects
    assert [(each.name, "not calibrated" in each.why) for each in found.left_out] == [("left.avi", True)]
    gone = run_settings((*videos[:2], tmp_path / "gone.avi"), before)
    found = finished(confirmed_effects(gone, before, "cpu"))
    assert [each.name for each in found.left_out] == ["gone.avi"]


def test_only_runs_that_leave_out_verdicts_of_a_detector_are_asked(before: Path) -> None:
    assert may_lose_verdicts(run_settings((Path("a.mp4"),), before))
    assert not may_lose_verdicts(RunSettings("Gate", ("a.mp4",), left_out={"a.mp4": ((0.0, 1.0),)}))
    assert not may_lose_verdicts(RunSettings("Gate", ("a.mp4",), start_from=str(before)))


def test_the_command_tells_it_when_the_detector_is_ready(
    videos: Videos, before: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(tmp_path / "run", run_settings(videos, before))

    def train(*_: object) -> Iterator[Event]:
        yield Finished(str(trained))

    monkeypatch.setattr("engine.training.trainer.train", train)
    ran = CliRunner().invoke(cli, ["train", str(run.folder)], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    assert "Confirmed: 1 of 1 were flagged, 0 would be now" in ran.stdout
    assert "No longer flagged though confirmed: left.avi at 20.0 s" in ran.stdout
