"""Whatever runs the motion model gives what the model itself gives, and is chosen by measuring."""

from __future__ import annotations

import ctypes
import gc
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch

from engine.common.device import ComputeConfig
from engine.models import motion_engine
from engine.models.detector import Detector, DetectorSettings
from engine.models.folding import fold_batch_norms
from engine.models.motion import MotionModel
from engine.models.motion_engine import (
    Form,
    MotionEngine,
    MotionOutput,
    OpenVinoMotionEngine,
    TorchMotionEngine,
    choose_motion_engine,
    float32_form,
    in_torch,
    int8_form,
    mean_difference,
)
from engine.models.predictor import Predictor
from engine.models.quantisation import LayerRanges, RangeMeter

NEEDS_OPENVINO = pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is not installed")


@pytest.fixture(autouse=True)
def any_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VADGUI_MOTION_ENGINE")


@pytest.fixture(scope="module")
def detector() -> Detector:
    torch.manual_seed(2)
    return Detector(DetectorSettings("x", "fast", "dis-ultrafast", 4.0)).eval()


@pytest.fixture(scope="module")
def model(detector: Detector) -> MotionModel:
    whole = Detector(detector.settings).eval()
    whole.load_state_dict(detector.state_dict())
    fold_batch_norms(whole)
    return whole.motion


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    return list(np.random.default_rng(0).integers(0, 256, (3, 256, 256, 3), np.uint8))


def torch_engine(model: MotionModel) -> TorchMotionEngine:
    return TorchMotionEngine(partial(in_torch, model))


@pytest.fixture(scope="module")
def ranges(model: MotionModel, pictures: list[np.ndarray]) -> LayerRanges:
    meter = RangeMeter(model)
    with meter.watching():
        in_torch(model, pictures)
    assert meter.ranges is not None
    return meter.ranges


@pytest.fixture(params=["torch", *(pytest.param(name, marks=NEEDS_OPENVINO) for name in ("float32", "int8"))])
def engine(request: pytest.FixtureRequest, model: MotionModel, ranges: LayerRanges, tmp_path: Path) -> MotionEngine:
    if request.param == "torch":
        return torch_engine(model)
    form = float32_form(model) if request.param == "float32" else int8_form(model, ranges)
    return OpenVinoMotionEngine(form, tmp_path / "model.xml", threads=2)


def test_gives_what_the_detector_does(engine, detector, pictures) -> None:
    wanted = in_torch(detector.motion, pictures)  # its batch norms are not folded
    found = engine.run(pictures)
    assert mean_difference(found, wanted) < (5e-3 if engine.settings else 1e-6)
    for (flow_rgb, appearance), (wanted_flow_rgb, wanted_appearance) in zip(found, wanted, strict=True):
        assert flow_rgb.dtype == appearance.dtype == np.float32
        assert flow_rgb.shape == wanted_flow_rgb.shape
        assert appearance.shape == wanted_appearance.shape


def test_results_stay_as_they_are_when_more_is_run(engine, pictures) -> None:
    ((flow_rgb, _),) = engine.run(pictures[:1])
    before = flow_rgb.copy()
    engine.run(pictures[1:])
    np.testing.assert_array_equal(flow_rgb, before)


class FakeOpenVino:
    """Stands for an engine: with these results, after this much work."""

    made = 0
    name = "OpenVINO"
    settings: ClassVar[dict[str, str]] = {}
    remark = ""

    def __init__(self, run: Callable[[list[np.ndarray]], list[MotionOutput]]) -> None:
        self._run = run

    def __call__(self, *_: object, **__: object) -> FakeOpenVino:
        FakeOpenVino.made += 1
        return self

    def run(self, pictures: list[np.ndarray]) -> list[MotionOutput]:
        return self._run(pictures)


class FakeModel(torch.nn.Module):
    """Stands for a motion model, with the results of `busy`."""

    def __init__(self, weights: float) -> None:
        super().__init__()
        self.weights = torch.nn.Parameter(torch.tensor(weights))

    def with_appearance(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return pictures, torch.ones(len(pictures), 4, 2, 2)


def busy(seconds: float, off: float = 0.0) -> Callable[[list[np.ndarray]], list[MotionOutput]]:
    def run(pictures: list[np.ndarray]) -> list[MotionOutput]:
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass
        return [(each[..., :3].astype(np.float32) / 255 + off, np.ones((2, 2, 4), np.float32)) for each in pictures]

    return run


@pytest.fixture
def choose(monkeypatch, tmp_path) -> Callable[..., MotionEngine]:
    monkeypatch.setattr(motion_engine.importlib.metadata, "version", lambda _: "1")
    FakeOpenVino.made = 0

    def choice(
        ours: Callable, theirs: Callable, weights: float = 0.0, *, is_int8: bool = False, remark: str = ""
    ) -> MotionEngine:
        monkeypatch.setattr(motion_engine, "OpenVinoMotionEngine", FakeOpenVino(theirs))
        settings = {"motion_int8": "x"} if is_int8 else {}
        form = Form("OpenVINO", settings, FakeModel(weights), 1e-5)  # type: ignore[arg-type]
        return choose_motion_engine(TorchMotionEngine(ours), [form], tmp_path / "engines", remark)

    return choice


def test_the_faster_one_is_chosen_and_kept(choose, tmp_path) -> None:
    assert choose(busy(0.02), busy(0.005)).name == "OpenVINO"
    (file,) = (tmp_path / "engines").glob("*.json")
    assert json.loads(file.read_text())["speedup"] > 1.5
    assert choose(busy(0), busy(0.01)).name == "OpenVINO"  # measured once
    assert choose(busy(0.005), busy(0.02), weights=1.0).name == "torch"
    made = FakeOpenVino.made
    assert choose(busy(0.02), busy(0), weights=1.0).name == "torch"
    assert FakeOpenVino.made == made  # a slower one is not even loaded again


def test_one_that_differs_is_not_chosen_and_the_log_says_why(choose, caplog) -> None:
    with caplog.at_level(logging.WARNING):
        assert choose(busy(0.01), busy(0, off=0.001)).name == "torch"
        assert choose(busy(0.01), busy(0, off=float("nan")), weights=1.0).name == "torch"
    assert caplog.text.count("results differ") == 2


def test_one_that_fails_is_not_chosen_and_the_log_says_why(choose, caplog) -> None:
    def fails(_: object) -> list[MotionOutput]:
        raise RuntimeError("no such instruction")

    assert choose(busy(0.01), fails).name == "torch"
    assert "no such instruction" in caplog.text


def test_an_engine_in_full_precision_says_why(choose) -> None:
    def fails(_: object) -> list[MotionOutput]:
        raise RuntimeError("no such instruction")

    int8 = {"is_int8": True}
    assert choose(busy(0.02), busy(0.005), **int8).remark == ""
    for _ in range(2):  # measured, and as it is kept
        coarse = choose(busy(0.01), busy(0, off=0.008), weights=1.0, **int8)
        assert coarse.remark == "8-bit integers would change its results by 0.8 %, and 0.5 % are allowed"
        assert choose(busy(0.005), busy(0.02), weights=2.0, **int8).remark == "8-bit integers are no faster here"
        assert "do not work here" in choose(busy(0), busy(0, off=float("nan")), weights=3.0, **int8).remark
    assert "do not work here" in choose(busy(0), fails, weights=4.0, **int8).remark
    assert choose(busy(0.02), busy(0.005), weights=5.0, remark="not calibrated").remark == "not calibrated"
    assert choose(busy(0.005), busy(0.02), weights=6.0, remark="not calibrated").remark == "not calibrated"


def test_what_earlier_programs_kept_of_a_choice_is_understood(choose, tmp_path) -> None:
    choose(busy(0.01), busy(0, off=0.008), is_int8=True)
    (file,) = (tmp_path / "engines").glob("*.json")
    file.write_text('{"speedup": 0.0}')
    assert "do not work here" in choose(busy(0.01), busy(0, off=0.008), is_int8=True).remark


def test_a_damaged_note_of_the_choice_is_measured_again(choose, tmp_path) -> None:
    choose(busy(0.02), busy(0.005))
    (file,) = (tmp_path / "engines").glob("*.json")
    file.write_text("{")
    assert choose(busy(0.02), busy(0.005)).name == "OpenVINO"
    assert json.loads(file.read_text())["speedup"] > 1.5


def test_without_openvino_torch_runs_it(model, tmp_path, monkeypatch) -> None:
    def absent(name: str) -> str:
        raise motion_engine.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(motion_engine.importlib.metadata, "version", absent)
    ours = torch_engine(model)
    assert choose_motion_engine(ours, [float32_form(model)], tmp_path) is ours
    assert not list(tmp_path.iterdir())


def test_a_person_may_choose_torch(choose, monkeypatch) -> None:
    monkeypatch.setenv("VADGUI_MOTION_ENGINE", "torch")
    assert choose(busy(0.02), busy(0.005)).name == "torch"
    assert not FakeOpenVino.made


@NEEDS_OPENVINO
def test_the_real_one_is_measured_loaded_again_and_named(detector, ranges, pictures, monkeypatch) -> None:
    monkeypatch.setattr(motion_engine, "_LEAST_SPEEDUP", 0.0)
    plan = ComputeConfig(torch.device("cpu"), torch.float32, "CPU, float32")
    results = []
    for _ in range(2):
        for knows, name in ((None, "OpenVINO"), (ranges, "OpenVINO, int8")):
            predictor = Predictor(detector.with_layer_ranges(knows), "f" * 64, plan)
            assert predictor.device_label == "CPU, float32"
            predictor.prepare_motion()
            assert predictor.device_label == f"CPU, float32, {name}"
            assert bool(predictor.motion_settings) == (knows is not None)
            told = "" if knows is not None else "calibrated again"
            assert told in predictor.motion_remark
            assert bool(predictor.motion_remark) == (knows is None)
            results.append(predictor.predict_motion(pictures))
        monkeypatch.setattr(motion_engine, "_converted", None)  # the second time must do without
    for first, second in zip(results[:2], results[2:], strict=True):
        for once, again in zip(first, second, strict=True):
            np.testing.assert_array_equal(once.flow_rgb, again.flow_rgb)


@NEEDS_OPENVINO
def test_a_detector_that_eight_bits_would_change_says_so(detector) -> None:
    plan = ComputeConfig(torch.device("cpu"), torch.bfloat16, "CPU, bfloat16")
    predictor = Predictor(detector.with_layer_ranges(None, 0.0125), "f" * 64, plan)
    assert predictor.motion_remark == "", "nothing is chosen yet"
    predictor.prepare_motion()
    assert predictor.device_label == "CPU, bfloat16"
    assert predictor.motion_remark == (
        "The motion model computes in full precision: "
        "8-bit integers would change its results by 1.2 %, and 0.5 % are allowed."
    )


@NEEDS_OPENVINO
def test_two_detectors_that_are_being_calibrated_do_not_share_their_weights(detector, pictures, monkeypatch) -> None:
    monkeypatch.setattr(motion_engine, "_LEAST_SPEEDUP", 0.0)
    plan = ComputeConfig(torch.device("cpu"), torch.float32, "CPU, float32")
    torch.manual_seed(3)
    other = Detector(detector.settings).eval()
    for each in (detector, other):
        predictor = Predictor(each, "", plan)  # none has a fingerprint yet
        (found, *_) = predictor.predict_motion(pictures)
        assert predictor.device_label.endswith("OpenVINO")
        (wanted, *_) = in_torch(each.motion, pictures)
        assert np.abs(found.flow_rgb - wanted[0]).mean() < 1e-5


@NEEDS_OPENVINO
def test_openvino_reports_to_nobody(tmp_path) -> None:
    # Its own reporting needs a home, where it keeps an id, and a network; it is off where CI is set.
    code = (
        "import socket, sys\n"
        "def connect(*_): raise SystemExit('connected')\n"
        "socket.socket.connect = socket.getaddrinfo = connect\n"
        "from engine.models.motion_engine import import_openvino\n"
        "import_openvino().convert_model\n"
        "assert sys.modules['openvino_telemetry'] is None\n"
    )
    environment = {"HOME": str(tmp_path), "PYTHONPATH": ":".join(path for path in sys.path if path)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=120)
    assert not list(tmp_path.rglob("openvino*"))


@NEEDS_OPENVINO
def test_converting_leaves_no_types_behind(model) -> None:
    openvino = motion_engine.import_openvino()
    counts = []
    for _ in range(4):
        motion_engine._converted(openvino, model)
        gc.collect()
        counts.append(sum(isinstance(each, type) for each in gc.get_objects()))
    assert counts[-1] == counts[1]


@NEEDS_OPENVINO
def test_threads_that_convert_one_model_at_once_all_get_it(model, tmp_path) -> None:
    with ThreadPoolExecutor(3) as threads:
        made = [threads.submit(OpenVinoMotionEngine, float32_form(model), tmp_path / "a.xml", 1) for _ in range(3)]
        for each in made:
            each.result()
    assert {path.name for path in tmp_path.iterdir()} == {"a.xml", "a.bin", ".converting.lock"}


@NEEDS_OPENVINO
@pytest.mark.parametrize("suffix", [".xml", ".bin"])
def test_a_conversion_that_is_cut_short_on_disk_is_made_anew(model, pictures, tmp_path, suffix: str) -> None:
    file = tmp_path / "a.xml"
    wanted = OpenVinoMotionEngine(float32_form(model), file, 1).run(pictures[:1])
    damaged = file.with_suffix(suffix)
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[: len(whole) // 2])
    found = OpenVinoMotionEngine(float32_form(model), file, 1).run(pictures[:1])
    assert mean_difference(found, wanted) == 0
    assert damaged.stat().st_size == len(whole)


class Malloc(ctypes.Structure):
    """Glibc's mallinfo2: numbers of this and that; the fifth is what is mapped, the eighth what is given out else."""

    _fields_ = (("counts", ctypes.c_size_t * 10),)


def allocated_bytes() -> int:
    """What malloc has given out, as glibc counts."""
    try:
        count = ctypes.CDLL(None).mallinfo2
    except AttributeError:
        pytest.skip("needs glibc 2.33")
    count.restype = Malloc
    counts = count().counts
    return int(counts[4] + counts[7])


@NEEDS_OPENVINO
@pytest.mark.skipif(sys.platform != "linux", reason="asks glibc")
def test_converting_leaves_no_memory_behind(model) -> None:
    openvino = motion_engine.import_openvino()
    counts = []
    for _ in range(5):
        motion_engine._converted(openvino, model)
        gc.collect()
        counts.append(allocated_bytes())
    assert counts[-1] - counts[1] < 1_000_000  # torch kept 3 MB of each


@NEEDS_OPENVINO
def test_converting_leaves_what_others_have_scripted(model) -> None:
    class Doubled(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 2 * x

    scripted = torch.jit.script(Doubled())
    motion_engine._converted(motion_engine.import_openvino(), model)
    assert float(scripted(torch.ones(()))) == 2
