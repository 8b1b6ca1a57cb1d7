"""Calibrating a detector with real videos and an untrained network: what is counted, judged, kept and left alone."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner

from engine.__main__ import cli
from engine.analysis.pipeline import motions
from engine.calibrating.calibrate import HELD_OUT_PHASE, Calibrated, calibrate
from engine.calibrating.footage import NormalFootage
from engine.calibrating.normal_statistics import STATISTICS_PHASE
from engine.common.device import ComputeConfig
from engine.common.errors import Cancelled
from engine.common.events import Progress, ShouldStop, never_stop
from engine.models.detector import Detector, DetectorSettings, load_detector, save_detector
from engine.review.camera_zones import zones_drawn_with
from engine.scoring.calibration import Calibration
from engine.scoring.damage import beside_damage
from engine.scoring.motion_histogram import MotionHistogram
from engine.scoring.prototype_bank import PrototypeBank
from engine.scoring.sampling import SAMPLED
from engine.scoring.zone_files import write_zones
from engine.scoring.zones import Zone, ZoneKind
from engine.video import open_video
from tests.clips import make_clip
from tests.engine.video.test_times import damage

RATE, SECONDS = 2, 22
PLAN = ComputeConfig(torch.device("cpu"), torch.float32, "CPU")


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Clips of a texture that drifts to the right, a little differently in each."""
    folder = tmp_path_factory.mktemp("normal")
    texture = np.random.default_rng(1).integers(0, 256, (64, 400, 3), np.uint8)
    texture = cv2.GaussianBlur(texture, (0, 0), 2)
    paths = []
    for number in range(3):
        path = folder / f"{number}.avi"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), RATE, (64, 64))
        for frame in range(RATE * SECONDS):
            left = 300 - 2 * frame - number
            writer.write(np.ascontiguousarray(texture[:, left : left + 64]))
        writer.release()
        paths.append(path)
    return paths


@pytest.fixture(autouse=True)
def few_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that clusters are found at once."""
    monkeypatch.setattr("engine.calibrating.normal_statistics._MAX_APPEARANCE_FRAMES", 12)


@pytest.fixture
def detector(tiny_preset: str) -> Detector:
    torch.manual_seed(3)
    return Detector(DetectorSettings("Drift", tiny_preset, "dis-ultrafast", 8.0)).eval()


def calibrated(
    detector: Detector,
    footage: NormalFootage,
    events: list[Progress] | None = None,
    should_stop: ShouldStop = never_stop,
) -> Calibrated:
    work = calibrate(detector, PLAN, footage, should_stop)
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            return end.value
        assert isinstance(event, Progress)
        if events is not None:
            events.append(event)


@pytest.mark.slow
def test_a_calibrated_detector_keeps_what_it_learnt_in_its_file(videos, detector, tmp_path) -> None:
    footage = NormalFootage(held_out=videos[:2], others=videos[2:])
    events: list[Progress] = []
    untaught, detector = detector, calibrated(detector, footage, events).detector
    assert (untaught.normal_model.motion, untaught.settings.calibration) == (None, None)
    phases = [event.phase for event in events]
    assert phases == sorted(phases)
    assert set(phases) == {STATISTICS_PHASE, HELD_OUT_PHASE}
    assert all(event.per_second > 0 for event in events if event.done)
    assert detector.normal_model.motion is not None
    assert detector.normal_model.motion.transitions == 3 * (RATE * SECONDS - 1)
    calibration = detector.settings.calibration
    assert calibration is not None
    assert calibration.frame_seconds == pytest.approx(1 / RATE)
    assert (calibration.videos, calibration.seconds) == (2, pytest.approx(2 * (SECONDS - 1 / RATE)))
    save_detector(detector, tmp_path / "d.safetensors")
    loaded, _ = load_detector(tmp_path / "d.safetensors")
    assert loaded.settings == detector.settings
    np.testing.assert_array_equal(loaded.normal_model.motion.counts, detector.normal_model.motion.counts)
    for name in ("mean", "basis", "prototypes", "slowest_px"):
        np.testing.assert_array_equal(
            getattr(loaded.normal_model.appearance, name), getattr(detector.normal_model.appearance, name)
        )


@pytest.mark.slow
def test_motion_of_footage_of_other_rates_is_told_in_the_held_outs_frames(videos, detector, tmp_path) -> None:
    """What drifts as fast counts as the same speed, however many frames show it."""
    slower = tmp_path / "slower.avi"
    writer = cv2.VideoWriter(str(slower), cv2.VideoWriter.fourcc(*"MJPG"), RATE / 2, (64, 64))
    film = cv2.VideoCapture(str(videos[2]))
    for number in range(RATE * SECONDS):
        picture = film.read()[1]
        if number % 2 == 0:
            writer.write(picture)
    writer.release()
    detector = calibrated(detector, NormalFootage(held_out=videos[:1], others=[slower])).detector
    assert detector.settings.calibration is None
    usual = MotionHistogram()
    with open_video(videos[0]) as source:
        for _, _, motion in motions(source):
            usual.add(motion)
    at_rate, of_slower = (
        each.counts.sum(axis=(0, 1, 2)) for each in (usual, detector.normal_model.motion.without(usual))
    )
    # Twice the speed would be seven bins on.
    assert abs(int(np.argmax(of_slower)) - int(np.argmax(at_rate))) <= 2


@pytest.mark.slow
def test_what_is_left_out_does_not_count(videos, detector) -> None:
    left_out = {videos[1]: [(3.0, 5.0)], videos[2]: [(0.0, 100.0)]}
    footage = NormalFootage(held_out=videos[:2], others=videos[2:], left_out=left_out)
    made = calibrated(detector, footage)
    detector, held_out = made.detector, made.held_out
    # At 5 s what happened before is still seen.
    unknown = {videos[0]: [0], videos[1]: [0, 6, 7, 8, 9, 10]}
    assert detector.normal_model.motion.transitions == 2 * (RATE * SECONDS - 1) - 5
    assert [video.path for video in held_out] == videos[:2]
    for video in held_out:
        np.testing.assert_allclose(video.times, np.arange(RATE * SECONDS) / RATE)
        assert np.flatnonzero(np.isnan(video.signals["speed_px"])).tolist() == unknown[video.path]
    # Nothing is left of the third video that could say how rare motion is.
    of_held_out = Calibration.of([(video.signals, video.times) for video in held_out], 1 / RATE, sampling=SAMPLED)
    assert of_held_out == detector.settings.calibration


@pytest.mark.parametrize("b_frames", [0, 2])
def test_pictures_that_damage_has_changed_do_not_count(tmp_path, detector, b_frames) -> None:
    damaged = make_clip(tmp_path / "damaged.mp4", 240, size=(320, 240), fps=10, b_frames=b_frames)
    damage(damaged, slice(87, 88), kept_bytes=24)
    made = calibrated(detector, NormalFootage(held_out=[damaged]))
    with open_video(damaged) as source:
        source.verify()
        (concealed,) = source.info.concealed
        assert 84 <= concealed.start <= 87
        assert concealed.stop == 96
        samples = SAMPLED.frames(source.times)
        is_beside = beside_damage(source.info.concealed, source.times)[samples]
        assert 4 <= is_beside.sum() <= 12
        beside = source.times[samples[is_beside]]
    (judged,) = made.held_out
    assert judged.times[np.isnan(judged.signals["speed_px"])].tolist() == [0.0, *beside.tolist()]
    assert made.detector.normal_model.motion.transitions == np.count_nonzero(~is_beside & (samples > 0))


@pytest.fixture
def busy(tmp_path: Path) -> list[Path]:
    """Clips of a still picture in whose lower right a square darts about."""
    still = cv2.GaussianBlur(np.random.default_rng(2).integers(0, 256, (64, 64, 3), np.uint8), (0, 0), 2)
    paths = []
    for number in range(2):
        random = np.random.default_rng(number)
        path = tmp_path / f"busy{number}.avi"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), RATE, (64, 64))
        for _ in range(RATE * SECONDS):
            picture = still.copy()
            left, top = random.integers(40, 54, 2)
            picture[top : top + 8, left : left + 8] = 255
            writer.write(picture)
        writer.release()
        paths.append(path)
    return paths


@pytest.mark.slow
def test_scores_get_their_meaning_inside_zones_alone(busy, detector) -> None:
    """What darts about in an ignored corner neither raises thresholds nor is forgotten as a motion."""
    corner = Zone.rectangle(ZoneKind.IGNORED, (0.5, 0.5), (1, 1))
    whole = calibrated(detector, NormalFootage(held_out=busy))
    inside = calibrated(detector, NormalFootage(held_out=busy, zones=(corner,)))
    for everywhere, left in zip(whole.held_out, inside.held_out, strict=True):
        assert np.nanmedian(everywhere.signals["speed_px"]) > 1
        assert np.nanmax(left.signals["speed_px"]) < 0.5
    np.testing.assert_array_equal(whole.detector.normal_model.motion.counts, inside.detector.normal_model.motion.counts)


@pytest.mark.slow
def test_rarities_of_what_is_learnt_from_are_told_inside_zones_too(busy, detector, monkeypatch) -> None:
    handed_over = []
    of = Calibration.of
    monkeypatch.setattr(
        Calibration,
        "of",
        lambda found, rate, others, *rest: handed_over.append(others) or of(found, rate, others, *rest),
    )
    corner = Zone.rectangle(ZoneKind.IGNORED, (0.5, 0.5), (1, 1))
    for zones in ((), (corner,)):
        calibrated(detector, NormalFootage(held_out=busy[:1], others=busy[1:], zones=zones))
    ((whole, _),), ((inside, _),) = handed_over
    assert inside["speed_rarity"].max() < 1 < whole["speed_rarity"].max()


@pytest.mark.slow
def test_the_command_takes_zones_and_keeps_them_for_the_window(busy, detector, tmp_path) -> None:
    save_detector(detector, tmp_path / "old.safetensors")
    zones = (Zone.rectangle(ZoneKind.IGNORED, (0.5, 0.5), (1, 1), "road"),)
    write_zones(tmp_path / "zones.json", zones)
    options = ["--detector", str(tmp_path / "old.safetensors"), "--quiet", "--device", "cpu"]
    options += ["--footage", str(busy[0]), "--footage", str(busy[1]), "--out", str(tmp_path / "new.safetensors")]
    done = CliRunner().invoke(cli, ["calibrate", *options, "--zones", str(tmp_path / "zones.json")])
    assert done.exit_code == 0, done.output
    assert "1 ignored zone" in done.output
    made, fingerprint = load_detector(tmp_path / "new.safetensors")
    assert made.settings.calibration.offline.standard.medians != pytest.approx(
        calibrated(detector, NormalFootage(held_out=busy)).detector.settings.calibration.offline.standard.medians
    )
    assert zones_drawn_with(fingerprint) == zones
    missing = CliRunner().invoke(cli, ["calibrate", *options, "--zones", str(tmp_path / "none.json")])
    assert missing.exit_code == 1
    assert "zones" in missing.output


@pytest.mark.slow
def test_how_rare_motion_is_elsewhere_is_judged_by_all_but_the_video_itself(videos, detector, monkeypatch) -> None:
    handed_over = []
    of = Calibration.of
    monkeypatch.setattr(
        Calibration,
        "of",
        lambda found, rate, others, *rest: handed_over.extend(others) or of(found, rate, others, *rest),
    )
    footage = NormalFootage(held_out=videos[:2], others=videos[2:], left_out={videos[2]: [(3.0, 5.0)]})
    calibrated(detector, footage)
    ((signals, times),) = handed_over
    assert times.tolist() == [t / RATE for t in range(1, RATE * SECONDS) if not 6 <= t <= 10]
    usual = MotionHistogram()
    for path in videos[:2]:
        with open_video(path) as source:
            for _, _, motion in motions(source):
                usual.add(motion)
    with open_video(videos[2]) as source:
        _, _, first = next(iter(motions(source)))
    rarest = [by.max() for by in usual.rarities(first)]
    assert (signals[0]["speed_rarity"], signals[0]["direction_rarity"]) == pytest.approx(rarest, rel=1e-2)
    assert np.isnan(signals["speed_excess_px"]).all()
    assert np.isnan(signals["psnr_db"]).all()


@pytest.mark.slow
def test_a_held_out_video_is_judged_by_the_looks_of_all_others(videos, detector, monkeypatch) -> None:
    """Of three videos each is judged by the frames of two, and the detector keeps those of all."""
    learnt: list[int] = []
    of = PrototypeBank.of
    monkeypatch.setattr(PrototypeBank, "of", lambda seen: learnt.append(len(seen)) or of(seen))
    calibrated(detector, NormalFootage(held_out=videos[:2], others=videos[2:]))
    assert learnt == [8, 8, 12]


@pytest.mark.slow
def test_what_is_usual_in_all_videos_is_clustered_once(videos, detector, monkeypatch) -> None:
    """A video that is alone is judged by what the detector keeps."""
    learnt: list[int] = []
    of = PrototypeBank.of
    monkeypatch.setattr(PrototypeBank, "of", lambda seen: learnt.append(len(seen)) or of(seen))
    assert calibrated(detector, NormalFootage(held_out=videos[:1])).detector.settings.calibration is None
    assert learnt == [11]


@pytest.mark.slow
def test_a_video_s_end_is_judged_by_its_beginning(videos, detector, monkeypatch) -> None:
    """A video that is learnt from until a second before 4 s: its motion counts there, its scores from 4 s on."""
    judged: list[tuple[int, float]] = []
    of = Calibration.of
    monkeypatch.setattr(
        Calibration,
        "of",
        lambda found, *rest: (
            judged.extend((len(signals), float(times[0])) for signals, times in found) or of(found, *rest)
        ),
    )
    by: list[int] = []
    without = MotionHistogram.without
    monkeypatch.setattr(
        MotionHistogram, "without", lambda *args: by.append((normal := without(*args)).transitions) or normal
    )
    alone = NormalFootage(held_out=videos[:1], since={videos[0]: 4.0})
    detector = calibrated(detector, alone).detector
    assert detector.settings.calibration is None
    # 44 frames at 2 a second: 8 begin before 4 s, and the transitions at 3 and 3.5 s are neither; nor is that at 4 s,
    # for motion is measured from a little earlier.
    assert judged == [(RATE * SECONDS - 8, 4.0)]
    assert by == [5]
    assert detector.normal_model.motion.transitions == RATE * SECONDS - 1 - 3


@pytest.mark.slow
def test_too_little_footage_still_counts_motion(videos, detector) -> None:
    detector = calibrated(detector, NormalFootage(held_out=videos[:1], others=videos[2:])).detector
    assert detector.normal_model.motion.transitions == 2 * (RATE * SECONDS - 1)
    assert detector.settings.calibration is None


@pytest.mark.slow
@pytest.mark.parametrize("measured", [None, 2.5])
def test_what_counts_as_still_is_measured_anew(videos, detector, tmp_path, monkeypatch, measured) -> None:
    monkeypatch.setattr("engine.calibrating.still_pairs.StillPairs.still_change", lambda *_: measured)
    old, new = tmp_path / "old.safetensors", tmp_path / "new.safetensors"
    save_detector(detector.with_still_change(1.25), old)
    options = ["--detector", str(old), "--footage", str(videos[0].parent), "--out", str(new)]
    ran = CliRunner().invoke(cli, ["calibrate", *options, "--quiet", "--device", "cpu"], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    assert load_detector(new)[0].still_change == measured
    assert load_detector(old)[0].still_change == 1.25


@pytest.mark.slow
def test_a_detector_that_eight_bits_would_change_says_by_how_much(videos, detector, tmp_path, monkeypatch) -> None:
    footage = NormalFootage(held_out=videos[:2])
    fine = calibrated(detector, footage).detector
    assert (fine.layer_ranges is not None, fine.rounding_error) == (True, None)
    monkeypatch.setattr("engine.calibrating.normal_statistics.LARGEST_ROUNDING", 0.0)
    coarse = calibrated(detector, footage).detector
    assert coarse.layer_ranges is None
    save_detector(coarse, tmp_path / "coarse.safetensors")
    error = load_detector(tmp_path / "coarse.safetensors")[0].rounding_error
    assert error == coarse.rounding_error
    assert error is not None
    assert 0 < error < 0.1


@pytest.mark.slow
def test_a_stopped_calibration_leaves_the_detector_as_it_was(videos, detector) -> None:
    steps = 0

    def stop() -> bool:
        nonlocal steps
        steps += 1
        return steps > 200

    with pytest.raises(Cancelled):
        calibrated(detector, NormalFootage(held_out=videos), should_stop=stop)
    assert detector.normal_model.motion is None


def test_what_is_held_out_of_a_folder_is_not_among_its_others(videos) -> None:
    footage = NormalFootage.of([videos[1]], [videos[0].parent / ".." / videos[0].parent.name])
    assert footage.held_out == [videos[1]]
    assert [path.name for path in footage.others] == [videos[0].name, videos[2].name]


@pytest.mark.slow
def test_the_command_writes_another_file_and_says_what_to_expect(videos, detector, tmp_path) -> None:
    save_detector(detector, tmp_path / "old.safetensors")
    options = ["--detector", str(tmp_path / "old.safetensors"), "--quiet", "--device", "cpu"]
    short = CliRunner().invoke(
        cli, ["calibrate", *options, "--footage", str(videos[0]), "--out", str(tmp_path / "new.safetensors")]
    )
    assert short.exit_code == 1
    assert "too short to calibrate on" in short.output
    assert "at least 30 s in all" in short.output
    assert not (tmp_path / "new.safetensors").exists()
    done = CliRunner().invoke(
        cli,
        ["calibrate", *options, "--footage", str(videos[0].parent), "--out", str(tmp_path / "new.safetensors")],
        catch_exceptions=False,
    )
    assert done.exit_code == 0
    assert "3 videos" in done.output
    assert load_detector(tmp_path / "new.safetensors")[0].settings.calibration is not None
    assert load_detector(tmp_path / "old.safetensors")[0].settings.calibration is None


def test_the_command_refuses_odd_outputs(videos, detector, tmp_path) -> None:
    save_detector(detector, tmp_path / "old.safetensors")
    options = ["calibrate", "--detector", str(tmp_path / "old.safetensors"), "--footage", str(videos[0])]
    assert CliRunner().invoke(cli, [*options, "--out", str(tmp_path / "new.pt")]).exit_code == 2
    assert CliRunner().invoke(cli, [*options, "--out", str(tmp_path / "no" / "new.safetensors")]).exit_code == 1
