import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest
import torch

from engine.analysis.pipeline import analyse, inspect, inspect_pair, motions
from engine.common.device import ComputeConfig
from engine.common.errors import Cancelled
from engine.common.events import ShouldStop, never_stop
from engine.common.paths import cache_folder
from engine.flow.colour import rgb_to_flow
from engine.flow.teachers import DisTeacher
from engine.models.detector import Detector, DetectorSettings
from engine.models.picture import PICTURE_SIZE, model_picture
from engine.models.predictor import Predictor
from engine.scoring.motion import window_motion
from engine.scoring.motion_histogram import MotionHistogram
from engine.scoring.normal_model import NormalModel
from engine.scoring.signals import RAW_SIGNALS
from engine.video import open_video
from engine.video.frame import Frame


class MovingNoise:
    """A source of frames whose every picture differs; counts how far it was read."""

    numbers_are_certain = True
    frame_seconds = 1 / 20

    def __init__(self, count: int) -> None:
        texture = np.random.default_rng(1).integers(0, 256, (90, 400, 3), np.uint8)
        texture = cv2.GaussianBlur(texture, (0, 0), 1.5)
        self.stills = [np.ascontiguousarray(texture[:, 2 * t : 2 * t + 120]) for t in range(count)]
        self.times = np.arange(count) / 20
        self.furthest = -1

    def __len__(self) -> int:
        return len(self.stills)

    def read(self, index: int) -> Frame:
        return Frame(self.stills[index], index, float(self.times[index]))

    def frames(self, start: int = 0, stop: int | None = None, should_stop: ShouldStop = never_stop) -> Iterator[Frame]:
        for index in range(start, len(self) if stop is None else stop):
            if should_stop():
                raise Cancelled
            self.furthest = index
            yield self.read(index)

    def pictures(self, wanted: Sequence[int], size: int, should_stop: ShouldStop = never_stop) -> Iterator[Frame]:
        assert size == PICTURE_SIZE
        for frame in self.frames(wanted[0], wanted[-1] + 1, should_stop):
            if frame.index in wanted:
                yield replace(frame, stored=model_picture(frame.stored))


@pytest.fixture(scope="module")
def predictor(tiny_preset: str) -> Predictor:
    torch.manual_seed(4)
    detector = Detector(DetectorSettings("x", tiny_preset, "dis-ultrafast", 4.0))
    predictor = Predictor(detector, "", ComputeConfig(torch.device("cpu"), torch.float32, "CPU"))
    predictor.batch_size = 4  # as the preset "fast" has it
    return predictor


@pytest.fixture
def source() -> MovingNoise:
    return MovingNoise(8)


def psnr_db(truth: np.ndarray, predicted: np.ndarray) -> float:
    mse = np.mean(np.square(truth.astype(np.float64) - predicted))
    return -10 * np.log10(mse)


def test_every_frame_has_one_result_in_order_with_its_time(source, predictor) -> None:
    results = list(analyse(source, predictor))
    assert [each.index for each in results] == list(range(8))
    assert [each.pts_seconds for each in results] == pytest.approx(source.times)


def test_frame_0_has_no_transition(source, predictor) -> None:
    first = next(analyse(source, predictor))
    assert np.isnan(first.signals["psnr_db"])
    assert np.isnan(first.signals["patch_psnr_db"]).all()
    assert np.isnan(first.signals["flow_error_px"])


def test_the_signals_speak_of_the_step_from_the_frame_before(source, predictor) -> None:
    result = list(analyse(source, predictor))[5]
    before, after = (cv2.resize(source.stills[t], (256, 256)) for t in (4, 5))
    (prediction,) = predictor.predict([before])
    assert result.signals["psnr_db"] == pytest.approx(psnr_db(after / 255, prediction.frame), abs=1e-3)
    corner = psnr_db(after[192:, :64] / 255, prediction.frame[192:, :64])
    assert result.signals["patch_psnr_db"][3, 0] == pytest.approx(corner, abs=1e-3)
    # The texture moves left by 2 of 120 px, 4.3 px of the 256-pixel picture.
    teacher_flow = predictor.teacher.flow(before, after)
    assert np.median(teacher_flow[0]) == pytest.approx(-2 * 256 / 120, abs=0.3)


def test_an_analysis_resumed_in_the_middle_says_the_same(source, predictor) -> None:
    whole = list(analyse(source, predictor))
    rest = list(analyse(source, predictor, start=3))
    assert [each.index for each in rest] == [3, 4, 5, 6, 7]
    for name in RAW_SIGNALS.names:
        np.testing.assert_allclose(
            [each.signals[name] for each in rest], [each.signals[name] for each in whole[3:]], atol=1e-4
        )


def test_motion_is_measured_over_a_fifth_of_a_second(source, predictor) -> None:
    """Here four frames."""
    results = list(analyse(source, predictor))
    streamed = [motion for _, _, motion in motions(source)]
    assert len(streamed) == 7
    for result, motion in zip(results[1:], streamed, strict=True):
        assert np.median(motion[2]) == pytest.approx(2 * 256 / 120, rel=0.15)  # a frame, however long the baseline
        assert result.signals["speed_px"] == pytest.approx(motion[2].max(), abs=1e-3)
        assert result.signals["camera_motion_px"] == pytest.approx(2 * 256 / 120, rel=0.15)
        assert np.isnan(result.signals["speed_rarity"])  # this detector has counted no normal motion


@pytest.mark.parametrize("count", [8, 4, 2])
def test_what_has_less_before_it_takes_the_first_whole_baselines_motion(count: int, predictor) -> None:
    """Over fewer frames the flow's errors are larger than most motion. A recording without one gives what it has."""
    source = MovingNoise(count)
    between = min(count - 1, 4)
    pair = [model_picture(source.stills[each]) for each in (0, between)]
    expected = window_motion(DisTeacher().flow(*pair), between)
    streamed = [motion for _, _, motion in motions(source)]
    np.testing.assert_array_equal(streamed[:between], [expected] * between)
    rows = list(analyse(source, predictor))[1:]
    assert [row.signals["speed_px"] for row in rows] == [motion[2].max() for motion in streamed]


@pytest.mark.slow
@pytest.mark.parametrize("frame_seconds", [0.05, 0.1, 0.02])
def test_motion_is_told_in_px_a_frame_of_the_calibration(source, predictor, frame_seconds) -> None:
    own, told = ([motion for _, _, motion in motions(source, frame_seconds=each)] for each in (None, frame_seconds))
    np.testing.assert_allclose(told, np.stack(own) * (frame_seconds / 0.05), rtol=1e-5)
    plain = list(analyse(source, predictor))[1:]
    for before, row, motion in zip(
        plain, list(analyse(source, predictor, frame_seconds=frame_seconds))[1:], told, strict=True
    ):
        assert row.signals["speed_px"] == pytest.approx(motion[2].max(), rel=1e-4)
        told_anew = before.signals["camera_motion_px"] * (frame_seconds / 0.05)
        assert row.signals["camera_motion_px"] == pytest.approx(told_anew, rel=1e-4)
        # The motion model speaks of the calibration's frames already.
        (prediction,) = predictor.predict([model_picture(source.stills[row.index - 1])])
        predicted = window_motion(rgb_to_flow(prediction.flow_rgb, 4.0))[2]
        assert row.signals["speed_excess_px"] == pytest.approx((motion[2] - predicted).max(), abs=1e-2)
        assert row.signals["flow_error_px"] == before.signals["flow_error_px"]


@pytest.mark.slow
def test_the_detectors_calibration_says_how_motion_is_told(source, predictor, monkeypatch) -> None:
    calibration = SimpleNamespace(frame_seconds=0.1, evidence=())
    monkeypatch.setattr(predictor, "settings", SimpleNamespace(flow_radius_px=4.0, calibration=calibration))
    told = [each.signals.tobytes() for each in analyse(source, predictor)]
    calibration.frame_seconds = 0.05
    assert told == [each.signals.tobytes() for each in analyse(source, predictor, frame_seconds=0.1)]
    assert told[1:] != [each.signals.tobytes() for each in analyse(source, predictor)][1:]


def test_motion_of_what_has_no_rate_is_left_alone(source) -> None:
    own = [motion for _, _, motion in motions(source)]
    source.frame_seconds = None
    np.testing.assert_array_equal([motion for _, _, motion in motions(source, frame_seconds=0.1)], own)


@pytest.mark.slow
def test_rarities_come_from_the_motion_that_the_detector_has_counted(source, predictor) -> None:
    usual = MotionHistogram()
    for _, _, motion in motions(source):
        for _ in range(300):
            usual.add(motion)
    still = MotionHistogram()
    for _ in range(2000):
        still.add(np.zeros_like(motion))
    rarities = []
    for normal in (usual, still):
        knowing = predictor.with_normal_model(NormalModel(normal))
        rarities.append([(r.signals["speed_rarity"], r.signals["direction_rarity"]) for r in analyse(source, knowing)])
    known, unknown = np.array(rarities)[:, 1:]
    assert (unknown > known + 2).all()


def test_beside_a_gpu_many_threads_measure_the_same_in_order(source, predictor, monkeypatch) -> None:
    alone = list(analyse(source, predictor))
    monkeypatch.setattr(Predictor, "is_on_cpu", False)
    together = list(analyse(source, predictor))
    assert [each.index for each in together] == [each.index for each in alone]
    for name in RAW_SIGNALS.names:
        np.testing.assert_array_equal([r.signals[name] for r in together], [r.signals[name] for r in alone])


@pytest.mark.slow
def test_streams_without_reading_ahead_more_than_a_batch(predictor) -> None:
    source = MovingNoise(30)
    for result in analyse(source, predictor):
        assert source.furthest <= result.index + predictor.batch_size


def test_stops_soon_when_asked(predictor) -> None:
    source = MovingNoise(30)
    results = analyse(source, predictor, should_stop=lambda: source.furthest >= 6)
    with pytest.raises(Cancelled):
        list(results)
    assert source.furthest == 6


@pytest.mark.parametrize("count", [0, 1])
def test_a_video_without_a_transition(count: int, predictor) -> None:
    assert len(list(analyse(MovingNoise(count), predictor))) == count


def test_inspection_shows_one_transition_in_every_picture(source, predictor) -> None:
    inspection = list(inspect(source, predictor, 1, 6))[3]
    assert inspection.frame.index == 4
    assert inspection.frame.pixels.shape == (90, 120, 3)
    for picture in (inspection.predicted_flow, inspection.teacher_flow, inspection.predicted_frame):
        assert picture.dtype == np.uint8
        assert picture.shape == (256, 256, 3)
    assert inspection.flow_difference.shape == (2, 256, 256)
    distance = np.hypot(*inspection.flow_difference)
    assert distance.mean() == pytest.approx(inspection.signals["flow_error_px"], rel=1e-3)
    truth = cv2.resize(source.stills[4], (256, 256)) / 255
    shown = psnr_db(truth, inspection.predicted_frame / 255)
    assert inspection.signals["psnr_db"] == pytest.approx(shown, abs=0.05)


def test_a_single_pair_gives_what_the_stream_does(source, predictor) -> None:
    streamed = next(iter(inspect(source, predictor, 5, 6)))
    single = inspect_pair(source.read(4), source.read(5), predictor)
    np.testing.assert_array_equal(single.teacher_flow, streamed.teacher_flow)
    assert single.signals["psnr_db"] == pytest.approx(streamed.signals["psnr_db"], abs=1e-4)


def test_frame_0_cannot_be_inspected(source, predictor) -> None:
    with pytest.raises(ValueError, match="no transition"):
        next(iter(inspect(source, predictor, 0, 3)))


@pytest.mark.slow
def test_an_analysis_resumed_in_a_damaged_file_keeps_its_count(predictor, tmp_path) -> None:
    """Frames that can't be decoded are announced all the same; a jump behind them would count them in."""
    texture = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 256, (96, 260, 3), np.uint8), (0, 0), 2)
    path = tmp_path / "damaged.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuvj420p"
        for number in range(40):
            picture = np.ascontiguousarray(texture[:, 3 * number : 3 * number + 128])
            packets = stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24"))
            container.mux(packets if number not in (20, 21) else [_noise_for(packet) for packet in packets])
    with open_video(path) as source:
        assert len(source) == 40
        whole = list(analyse(source, predictor))
        assert [each.index for each in whole] == list(range(38))
    shutil.rmtree(cache_folder())  # forget what the full pass has learnt
    with open_video(path) as source:
        rest = list(analyse(source, predictor, start=25))
    assert [each.index for each in rest] == list(range(25, 38))
    np.testing.assert_allclose(
        [each.signals["psnr_db"] for each in rest], [each.signals["psnr_db"] for each in whole[25:]], atol=1e-3
    )


def _noise_for(packet: av.Packet) -> av.Packet:
    noise = av.Packet(b"\0" * packet.size)
    noise.stream, noise.pts, noise.dts, noise.time_base = packet.stream, packet.pts, packet.dts, packet.time_base
    return noise
