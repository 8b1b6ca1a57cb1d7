import numpy as np
import pytest
import torch

from engine.common.device import ComputeConfig
from engine.common.errors import DeviceError
from engine.models.detector import Detector, DetectorSettings
from engine.models.predictor import Predictor
from engine.scoring.motion_histogram import MotionHistogram
from engine.scoring.normal_model import NormalModel
from engine.scoring.prototype_bank import PrototypeBank
from engine.scoring.signals import SIGNALS_VERSION

UNUSED_BANK = PrototypeBank(*(np.zeros(size, np.float32) for size in (64, (64, 24), (1, 24))), slowest_px=1.0)


@pytest.fixture(scope="module")
def detector() -> Detector:
    torch.manual_seed(2)
    return Detector(DetectorSettings("x", "fast", "dis-ultrafast", 4.0)).eval()


@pytest.fixture
def predictor(detector: Detector) -> Predictor:
    return Predictor(detector, "f" * 64, ComputeConfig(torch.device("cpu"), torch.float32, "CPU"))


@pytest.fixture
def pictures() -> list[np.ndarray]:
    return list(np.random.default_rng(0).integers(0, 256, (5, 256, 256, 3), np.uint8))


def test_predicts_what_the_detector_does(predictor, detector, pictures) -> None:
    (prediction,) = predictor.predict(pictures[:1])
    with torch.no_grad():
        flow_rgb, frame = detector(torch.from_numpy(pictures[0]).permute(2, 0, 1)[None] / 255)
    np.testing.assert_allclose(prediction.flow_rgb, flow_rgb[0].permute(1, 2, 0), atol=1e-4)
    np.testing.assert_allclose(prediction.frame, frame[0].permute(1, 2, 0), atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("knows_appearance", [False, True])
def test_predict_motion_equals_the_motion_part_of_predict(detector, pictures, knows_appearance) -> None:
    predictor = Predictor(detector, "f" * 64, ComputeConfig(torch.device("cpu"), torch.float32, "CPU"))
    predictor = predictor.with_normal_model(NormalModel(appearance=UNUSED_BANK if knows_appearance else None))
    predictor.batch_size = 2
    for motion, whole in zip(predictor.predict_motion(pictures), predictor.predict(pictures), strict=True):
        np.testing.assert_allclose(motion.flow_rgb, whole.flow_rgb, atol=1e-4)  # another engine may have run it
        assert (motion.appearance is not None) == knows_appearance
        if knows_appearance:
            np.testing.assert_allclose(motion.appearance, whole.appearance, atol=1e-4)


def test_the_predictor_does_not_change_the_detector(detector) -> None:
    Predictor(detector, "", ComputeConfig(torch.device("cpu"), torch.bfloat16, "CPU"))
    assert next(detector.parameters()).dtype == torch.float32
    assert any(isinstance(module, torch.nn.BatchNorm2d) for module in detector.modules())


def test_half_precision_stays_close_to_float32(detector, predictor, pictures) -> None:
    half = Predictor(detector, "", ComputeConfig(torch.device("cpu"), torch.bfloat16, "CPU, bfloat16"))
    exact, rounded = predictor.predict(pictures[:1])[0], half.predict(pictures[:1])[0]
    noise_db = -10 * np.log10(np.mean(np.square(exact.frame - rounded.frame)))
    assert noise_db > 50  # good predictions reach 38 dB, so rounding errors must be far below their error


@pytest.mark.slow
def test_splitting_a_batch_keeps_the_order(predictor, pictures) -> None:
    predictor.batch_size = 2
    together = predictor.predict(pictures)
    for picture, prediction in zip(pictures, together, strict=True):
        np.testing.assert_allclose(prediction.frame, predictor.predict([picture])[0].frame, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_out_of_memory_halves_the_batch(predictor, pictures, monkeypatch, error: Exception) -> None:
    predict_batch, batch_sizes = predictor._predict_batch, []

    def only_two_fit(batch):
        batch_sizes.append(len(batch))
        if len(batch) > 2:
            raise error
        return predict_batch(batch)

    monkeypatch.setattr(predictor, "_predict_batch", only_two_fit)
    predictor.batch_size = 4
    assert len(predictor.predict(pictures)) == 5
    assert batch_sizes == [4, 2, 2, 1]
    assert predictor.batch_size == 2


def test_a_single_frame_that_does_not_fit_is_an_error_with_advice(predictor, pictures, monkeypatch) -> None:
    def nothing_fits(_):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(predictor, "_predict_batch", nothing_fits)
    with pytest.raises(DeviceError, match="does not fit") as caught:
        predictor.predict(pictures[:2])
    assert "--device cpu" in caught.value.advice


def test_with_normal_model_does_not_change_the_first_predictor(predictor, pictures) -> None:
    bank = PrototypeBank(*(np.zeros(shape, np.float32) for shape in (32, (32, 4), (1, 4))), slowest_px=0.1)
    other = predictor.with_normal_model(NormalModel(MotionHistogram(), bank))
    assert (predictor.normal_model.motion, predictor.normal_model.appearance) == (None, None)
    assert predictor.predict(pictures[:1])[0].appearance is None
    (prediction,) = other.predict(pictures[:1])
    assert prediction.appearance is not None
    np.testing.assert_array_equal(prediction.flow_rgb, predictor.predict(pictures[:1])[0].flow_rgb)


def test_a_detector_s_settings_and_normal_model_are_read_only(detector) -> None:
    normal = MotionHistogram()
    other = detector.with_normal_model(NormalModel(normal))
    assert detector.normal_model.motion is None
    assert other.settings is detector.settings
    assert other.motion is detector.motion
    for name, value in (("normal_model", NormalModel()), ("settings", detector.settings)):
        with pytest.raises(AttributeError):
            setattr(other, name, value)
    with pytest.raises(ValueError, match="read-only"):
        normal.add(np.zeros((3, *normal.counts.shape[:2]), np.float32))


def test_analysis_settings_have_device_precision_teacher_and_signals_version(predictor) -> None:
    assert predictor.analysis_settings == {
        "device": "cpu",
        "dtype": "float32",
        "signals_version": SIGNALS_VERSION,
        "teacher": predictor.teacher.fingerprint,
    }
