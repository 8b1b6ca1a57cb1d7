"""The motion model rounded to 8 bits makes nearly the same, by ranges that were measured on normal pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.common.device import ComputeConfig
from engine.models.detector import Detector, DetectorSettings
from engine.models.folding import fold_batch_norms
from engine.models.motion import MotionModel
from engine.models.motion_engine import LARGEST_ROUNDING, in_torch, mean_difference
from engine.models.predictor import Predictor
from engine.models.quantisation import LayerRanges, RangeMeter, check_ranges, rounded


@pytest.fixture(scope="module", params=["fast", "paper"])
def model(request: pytest.FixtureRequest) -> MotionModel:
    torch.manual_seed(1)
    detector = Detector(DetectorSettings("x", request.param, "dis-ultrafast", 4.0)).eval()
    fold_batch_norms(detector)
    return detector.motion


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    return list(np.random.default_rng(0).integers(0, 256, (3, 256, 256, 3), np.uint8))


@pytest.fixture(scope="module")
def ranges(model: MotionModel, pictures: list[np.ndarray]) -> LayerRanges:
    return measured(model, pictures)


def measured(model: MotionModel, pictures: list[np.ndarray]) -> LayerRanges:
    meter = RangeMeter(model)
    assert meter.ranges is None
    with meter.watching():
        in_torch(model, pictures)
    in_torch(model, [np.zeros((256, 256, 3), np.uint8)])  # not watched
    assert meter.ranges is not None
    return meter.ranges


def test_ranges_are_means_of_what_pictures_have(model, pictures) -> None:
    together, *alone = (measured(model, each) for each in (pictures, *([each] for each in pictures)))
    np.testing.assert_allclose(together, np.mean(alone, axis=0), rtol=1e-4, atol=1e-6)
    assert together.shape[1] == 2
    check_ranges(model, together)


def test_the_rounded_model_is_rounded_and_nearly_the_same(model, ranges, pictures) -> None:
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    found, wanted = in_torch(rounded(model, ranges), pictures), in_torch(model, pictures)
    assert 0 < mean_difference(found, wanted) < 5e-3
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name]), "the model itself stays"


def test_what_is_concatenated_has_the_same_levels(model, ranges, pictures) -> None:
    seen: list[torch.Tensor] = []
    net = rounded(model, ranges).net
    for level in net.decoder:
        level.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    net(torch.from_numpy(pictures[0]).permute(2, 0, 1)[None] / 255)
    assert seen
    for both in seen:
        skip, grown = both.detach().chunk(2, dim=1)
        levels = torch.cat([skip.unique(), grown.unique()]).unique()
        assert len(levels) <= 256


def test_ranges_of_another_model_are_refused(model, ranges) -> None:
    for wrong in (ranges[1:], ranges.T.copy(), ranges[:, ::-1].copy(), ranges * np.inf):
        with pytest.raises(ValueError, match="ranges"):
            check_ranges(model, wrong)


def test_a_model_that_rounding_changes_keeps_its_precision(pictures) -> None:
    torch.manual_seed(1)
    detector = Detector(DetectorSettings("x", "fast", "dis-ultrafast", 4.0)).eval()
    plan = ComputeConfig(torch.device("cpu"), torch.float32, "CPU, float32")
    folded = Predictor(detector, "", plan)
    ranges = measured(folded._detector.motion, pictures)
    assert folded.rounding_error(ranges, pictures) <= LARGEST_ROUNDING
    assert folded.rounding_error(ranges / 20, pictures) > LARGEST_ROUNDING, "most values are cut off"
