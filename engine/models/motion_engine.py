"""What runs the motion model: torch, or OpenVINO, in float32 or in 8-bit integers, where that is faster."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import math
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Protocol

import cv2
import numpy as np
import numpy.typing as npt
import torch
from filelock import FileLock
from torch import Tensor, nn

from engine.common.atomic_write import atomic_write, sync_folder, sync_tree, temporary_path
from engine.common.json_values import decode
from engine.common.language import tr
from engine.common.paths import read_regular
from engine.models.motion import MotionModel
from engine.models.picture import PICTURE_SIZE
from engine.models.quantisation import LayerRanges, ranges_digest, rounded
from engine.scoring.prototype_bank import Appearance
from engine.video.frame import Pixels

_log = logging.getLogger(__name__)

MotionOutput = tuple[npt.NDArray[np.float32], Appearance]
"""The predicted flow RGB in [0, 1], float32 [256, 256, 3], and the appearance of a picture's windows."""

ENGINE_VARIABLE = "VADGUI_MOTION_ENGINE"
"""The environment variable by which a person decides: torch, or whatever is fastest (auto)."""
LARGEST_ROUNDING = 5e-3
"""Of int8, on the mean: of flow RGB, or of the greatest appearance. The bundled detector `ped2`, which judges as
before, is off by 0.0013 and by 0.004 (docs/research/faster-motion-model.md)."""
_LEAST_SPEEDUP = 1.05
_PROBE_PICTURES = 2
_ROUNDS = 5
_CONVERTED_SECONDS = 300.0  # far more than a conversion takes, on a busy machine, too


@dataclass(frozen=True)
class _Measured:
    """What is kept of a form on a machine."""

    speedup: float
    """How many times as much processor time torch takes; 0 if results differ too much."""
    difference: float | None = None
    """By how much results differ, if that is too much."""

    @property
    def suffices(self) -> bool:
        """Whether the form is to be used."""
        return self.speedup >= _LEAST_SPEEDUP

    @property
    def shortcoming(self) -> str:
        """Why it is not, in words."""
        if self.speedup:
            return tr("8-bit integers are no faster here")
        if self.difference is None or math.isnan(self.difference):
            return _fails()
        return too_coarse(self.difference)


@dataclass(frozen=True)
class Form:
    """A form of the motion model that OpenVINO can run."""

    name: str
    """Of its engine, for the screen."""
    settings: dict[str, str]
    """For an analysis's key: empty where results are those of torch but for the last bits."""
    model: MotionModel
    """Gives the same in torch, in float32."""
    largest_mean_difference: float
    """Of flow RGB, and of appearance as a share of its greatest value, from the same in torch."""


def float32_form(model: MotionModel) -> Form:
    """The model as it is."""
    return Form("OpenVINO", {}, model, 1e-5)


def int8_form(model: MotionModel, ranges: LayerRanges) -> Form:
    """The model in 8-bit integers: sums of integers round otherwise than sums of the same values in float32."""
    settings = {"motion_int8": ranges_digest(ranges)}
    return Form("OpenVINO, int8", settings, rounded(model, ranges), LARGEST_ROUNDING)


class MotionEngine(Protocol):
    """Runs one detector's motion model. One thread at a time."""

    @property
    def name(self) -> str:
        """For the screen."""

    @property
    def settings(self) -> dict[str, str]:
        """For an analysis's key: what of it changes the results noticeably."""

    remark: str
    """Why it is not in 8-bit integers, in words; empty where it is, or where nobody would expect it."""

    def run(self, pictures: list[Pixels]) -> list[MotionOutput]:
        """What it makes of each picture, uint8 [256, 256, 3]."""


class TorchMotionEngine:
    """As all other networks run."""

    name = "torch"
    settings: ClassVar[dict[str, str]] = {}

    def __init__(self, run: Callable[[list[Pixels]], list[MotionOutput]]) -> None:
        self._run, self.remark = run, ""

    def run(self, pictures: list[Pixels]) -> list[MotionOutput]:
        """As the protocol says."""
        return self._run(pictures)


class OpenVinoMotionEngine:
    """In OpenVINO's own threads, one picture a thread: that costs less than all threads on one picture."""

    def __init__(self, form: Form, file: Path, threads: int) -> None:
        """Compile what an earlier engine left in `file` (.xml, and .bin beside it), or else the form, and leave it.

        Raises:
            Exception: whatever OpenVINO dislikes; its errors have no common type.
        """
        self.name, self.settings, self.remark = form.name, form.settings, ""
        openvino = import_openvino()
        options = {
            "INFERENCE_PRECISION_HINT": "f32",  # the default is bfloat16 where the processor has it
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": threads,
        }
        core = openvino.Core()
        if file.exists():
            try:
                self._compiled = core.compile_model(core.read_model(file), "CPU", options)
                return
            except Exception as error:
                _log.warning("A damaged file of the cache is made anew: %s (%s)", file, error)
                file.unlink()
        file.parent.mkdir(parents=True, exist_ok=True)
        # Two that convert one form at once would do it twice; in two threads, tracing may not be done at once.
        with FileLock(file.with_name(".converting.lock"), timeout=_CONVERTED_SECONDS):
            if not file.exists():
                _save(openvino, form.model, file)
            self._compiled = core.compile_model(core.read_model(file), "CPU", options)

    def run(self, pictures: list[Pixels]) -> list[MotionOutput]:
        """As the protocol says."""
        requests = [self._compiled.create_infer_request() for _ in pictures]
        for request, picture in zip(requests, pictures, strict=True):
            request.start_async({0: picture[None]})
        return [_finished(request) for request in requests]


def choose_motion_engine(
    torch_engine: TorchMotionEngine, forms: Iterable[Form], folder: Path, remark: str = ""
) -> MotionEngine:
    """The first form that costs the processor less here than torch, or else torch.

    That is measured once for each form on a machine, and kept in `folder`. `remark` says why there is none in int8.
    """
    if os.environ.get(ENGINE_VARIABLE) == torch_engine.name:
        return torch_engine
    try:
        version = importlib.metadata.version("openvino")
    except importlib.metadata.PackageNotFoundError:
        return torch_engine
    for form in forms:
        # OpenVINO's errors have no common type, and whatever fails in it, torch works.
        try:
            engine = _faster(torch_engine, form, version, folder)
        except Exception as error:
            _log.warning("The motion model does not run in %s: %s", form.name, error)
            engine = _fails()
        if not isinstance(engine, str):
            engine.remark = "" if form.settings else remark
            return engine
        remark = engine if form.settings else remark
    torch_engine.remark = remark
    return torch_engine


def _fails() -> str:
    return tr("8-bit integers do not work here, the log says why")


def too_coarse(difference: float) -> str:
    """Why a model is not used in 8-bit integers that would change its results so much."""
    return tr("8-bit integers would change its results by {share} %, and {most} % are allowed").format(
        share=f"{100 * difference:.2g}", most=f"{100 * LARGEST_ROUNDING:.2g}"
    )


def _faster(torch_engine: TorchMotionEngine, form: Form, version: str, folder: Path) -> OpenVinoMotionEngine | str:
    """The engine of a form, if it is faster than torch here, and gives the same as the form in torch; or why not."""
    threads = torch.get_num_threads()
    machine = [_digest(form), version, torch.__version__, threads, _processor()]
    file = folder / f"{hashlib.sha256(json.dumps(machine).encode()).hexdigest()[:16]}.json"
    measured = _kept(file)
    if measured and not measured.suffices:
        return measured.shortcoming
    engine = OpenVinoMotionEngine(form, file.with_suffix(".xml"), threads)
    if measured is None:
        measured = _measured(torch_engine, engine, form)
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(file) as out:
            out.write(json.dumps(asdict(measured)).encode())
    _log.info("%s is %.2f times as fast as torch for the motion model", form.name, measured.speedup)
    return engine if measured.suffices else measured.shortcoming


def import_openvino() -> ModuleType:
    """The module openvino, without its reporting: importing it tells its makers so over the network.

    Raises:
        ImportError: it is not installed, or can't be loaded.
    """
    # An entry of None makes importing it fail, for which OpenVINO has a silent stand-in.
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    return openvino  # type: ignore[no-any-return,unused-ignore]


def mean_difference(found: list[MotionOutput], wanted: list[MotionOutput]) -> float:
    """Between results of the same pictures: of flow RGB, or of appearance as a share of its greatest value."""
    flow, appearance = ([np.stack([each[part] for each in side]) for side in (found, wanted)] for part in range(2))
    scale = max(float(np.abs(appearance[1]).max()), np.finfo(np.float32).tiny)
    return max(float(np.abs(flow[0] - flow[1]).mean()), float(np.abs(appearance[0] - appearance[1]).mean() / scale))


def in_torch(model: MotionModel, pictures: list[Pixels]) -> list[MotionOutput]:
    """What torch makes of pictures, uint8 [256, 256, 3], in the model's precision."""
    with torch.inference_mode():
        outputs = model.with_appearance(torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2) / 255)
    return list(zip(*(each.permute(0, 2, 3, 1).numpy() for each in outputs), strict=True))


def _measured(torch_engine: MotionEngine, engine: MotionEngine, form: Form) -> _Measured:
    """How many times as much processor time torch takes; 0 if the results are not the form's."""
    noise = np.random.default_rng(0).integers(96, 160, (_PROBE_PICTURES, 24, 24, 3), np.uint8)
    pictures = [np.asarray(cv2.resize(each, (PICTURE_SIZE, PICTURE_SIZE)), np.uint8) for each in noise]
    difference = mean_difference(engine.run(pictures), in_torch(form.model, pictures))
    if not difference <= form.largest_mean_difference:  # also when it is not a number
        _log.warning("The motion model does not run in %s: results differ by %g", form.name, difference)
        return _Measured(0.0, round(difference, 6))
    # Processor time, in turns, and the best round: a busy machine then changes the choice least.
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(_ROUNDS):
        for each, seconds in zip((torch_engine, engine), spent, strict=True):
            begin = time.process_time()
            each.run(pictures)
            seconds.append(time.process_time() - begin)
    ours, theirs = min(spent[0]), min(spent[1])
    return _Measured(round(ours / theirs, 3) if theirs else 0.0)


def _kept(file: Path) -> _Measured | None:
    try:
        return decode(read_regular(file), _Measured)
    except (OSError, ValueError):
        return None


def _digest(form: Form) -> str:
    """Of the form's weights: detectors have no fingerprint while they are calibrated."""
    digest = hashlib.sha256(form.name.encode())
    for part in form.model.modules():
        digest.update(part.extra_repr().encode())
    for tensor in form.model.state_dict().values():
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def _processor() -> str:
    """What of the processor decides the speed, as far as torch tells."""
    return f"{os.cpu_count()} {torch.backends.cpu.get_cpu_capability()}"


class _WithAppearance(nn.Module):
    def __init__(self, model: MotionModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, frame: Tensor) -> tuple[Tensor, Tensor]:
        return self.model.with_appearance(frame)


@contextmanager
def _types_forgotten() -> Iterator[None]:
    """Have torch forget the types that tracing makes, and their graphs: it keeps them for good.

    Those are some 760 objects and 3 MB a model. Torch has no public way for it.
    """
    store = getattr(getattr(torch.jit, "_recursive", None), "concrete_type_store", None)
    types: dict[Any, Any] = getattr(store, "type_store", {})
    compiled: set[Any] = getattr(store, "methods_compiled", set())
    known, known_compiled = set(types), set(compiled)
    try:
        yield
    finally:
        for each in set(types) - known:
            del types[each]
        compiled.intersection_update(known_compiled)
        # It clears all: what somebody else has scripted would lose its methods.
        if not known and not getattr(torch.jit._state, "_name_to_pyclass", {}):
            getattr(torch._C, "_jit_clear_class_registry", lambda: None)()


def _converted(openvino: ModuleType, model: MotionModel) -> Any:
    """OpenVINO's form of the model: from pictures uint8 [N, 256, 256, 3] to both outputs, channels last."""
    example = torch.zeros(1, 3, PICTURE_SIZE, PICTURE_SIZE)
    # Deprecated, but torch.export takes ten times as long for the same.
    with torch.no_grad(), _types_forgotten():
        traced = torch.jit.trace(_WithAppearance(model).eval(), example, check_trace=False)  # type: ignore[no-untyped-call]
        converted = openvino.convert_model(traced, example_input=example)
        del traced
    converted.reshape([1, 3, PICTURE_SIZE, PICTURE_SIZE])
    inside, outside = openvino.Layout("NCHW"), openvino.Layout("NHWC")
    steps = openvino.preprocess.PrePostProcessor(converted)
    steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(outside)
    steps.input().preprocess().convert_element_type(openvino.Type.f32).scale(255.0)
    steps.input().model().set_layout(inside)
    for place in range(2):
        steps.output(place).model().set_layout(inside)
        steps.output(place).tensor().set_layout(outside)
    return steps.build()


def _save(openvino: ModuleType, model: MotionModel, file: Path) -> None:
    """Leave OpenVINO's form of the model in `file` (.xml) and beside it (.bin), whole or not at all."""
    folder = temporary_path(file)
    folder.mkdir()
    try:
        unfinished = folder / file.name
        openvino.save_model(_converted(openvino, model), unfinished, compress_to_fp16=False)
        sync_tree(folder)
        for suffix in (".bin", ".xml"):  # the latter is last: where it is, the other beside it is whole
            unfinished.with_suffix(suffix).replace(file.with_suffix(suffix))
        sync_folder(file.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _finished(request: Any) -> MotionOutput:
    request.wait()
    # Copies: the request's own memory goes with it.
    flow_rgb, appearance = (np.array(request.get_output_tensor(place).data[0]) for place in range(2))
    return flow_rgb, appearance
