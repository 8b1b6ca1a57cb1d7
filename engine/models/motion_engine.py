"""What runs the motion model: torch, or OpenVINO where that is installed, faster, and gives the same."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from engine.common.atomic_write import atomic_write
from engine.models.motion import MotionModel
from engine.models.picture import PICTURE_SIZE
from engine.scoring.prototype_bank import Appearance
from engine.video.frame import Pixels

_log = logging.getLogger(__name__)

MotionOutput = tuple[npt.NDArray[np.float32], Appearance]
"""The predicted flow RGB in [0, 1], float32 [256, 256, 3], and the appearance of a picture's windows."""

LARGEST_DIFFERENCE = 1e-4
"""Of flow RGB, and of appearance as a share of its greatest value, from torch's in float32."""
_LEAST_SPEEDUP = 1.05
_PROBE_PICTURES = 2
_ROUNDS = 5


class MotionEngine(Protocol):
    """Runs one detector's motion model. One thread at a time."""

    @property
    def name(self) -> str:
        """For the screen."""

    def run(self, pictures: list[Pixels]) -> list[MotionOutput]:
        """What it makes of each picture, uint8 [256, 256, 3]."""


class TorchMotionEngine:
    """As all other networks run."""

    name = "torch"

    def __init__(self, run: Callable[[list[Pixels]], list[MotionOutput]]) -> None:
        self._run = run

    def run(self, pictures: list[Pixels]) -> list[MotionOutput]:
        """As the protocol says."""
        return self._run(pictures)


class OpenVinoMotionEngine:
    """In OpenVINO's own threads, in float32, one picture a thread: that costs less than all threads on one picture."""

    name = "OpenVINO"

    def __init__(self, model: MotionModel, file: Path, threads: int) -> None:
        """Compile what an earlier engine left in `file` (.xml, and .bin beside it), or else the model, and leave it.

        Raises:
            Exception: whatever OpenVINO dislikes; its errors have no common type.
        """
        openvino = import_openvino()
        core = openvino.Core()
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            # The .xml comes last: where it is, the .bin beside it is whole.
            unfinished = file.with_name(f"{file.stem}-{os.getpid()}.xml")
            openvino.save_model(_converted(openvino, model), unfinished, compress_to_fp16=False)
            for suffix in (".bin", ".xml"):
                unfinished.with_suffix(suffix).replace(file.with_suffix(suffix))
        options = {
            "INFERENCE_PRECISION_HINT": "f32",  # the default is bfloat16 where the processor has it
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": threads,
        }
        self._compiled = core.compile_model(core.read_model(file), "CPU", options)

    def run(self, pictures: list[Pixels]) -> list[MotionOutput]:
        """As the protocol says."""
        requests = [self._compiled.create_infer_request() for _ in pictures]
        for request, picture in zip(requests, pictures, strict=True):
            request.start_async({0: picture[None]})
        return [_finished(request) for request in requests]


def choose_motion_engine(
    torch_engine: TorchMotionEngine, model: MotionModel, fingerprint: str, folder: Path
) -> MotionEngine:
    """The one that costs the processor less here, measured once for each machine and detector and kept in `folder`.

    `model` is the one that torch runs, in float32 on the CPU, its batch norms folded.
    """
    try:
        version = importlib.metadata.version("openvino")
    except importlib.metadata.PackageNotFoundError:
        return torch_engine
    threads = torch.get_num_threads()
    machine = [fingerprint, version, torch.__version__, threads, _processor()]
    file = folder / f"{hashlib.sha256(json.dumps(machine).encode()).hexdigest()[:16]}.json"
    try:
        speedup = _kept_speedup(file)
        if speedup is not None and speedup < _LEAST_SPEEDUP:
            return torch_engine
        engine = OpenVinoMotionEngine(model, file.with_suffix(".xml"), threads)
        if speedup is None:
            speedup = _measured_speedup(torch_engine, engine)
            file.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(file) as out:
                out.write(json.dumps({"speedup": round(speedup, 3)}).encode())
    # OpenVINO's errors have no common type, and whatever fails in it, torch works.
    except Exception as error:
        _log.warning("The motion model runs in torch, for OpenVINO can't: %s", error)
        return torch_engine
    _log.info("OpenVINO is %.2f times as fast as torch for the motion model", speedup)
    return engine if speedup >= _LEAST_SPEEDUP else torch_engine


def import_openvino() -> ModuleType:
    """The module openvino, without its reporting: importing it tells its makers so over the network.

    Raises:
        ImportError: it is not installed, or can't be loaded.
    """
    # An entry of None makes importing it fail, for which OpenVINO has a silent stand-in.
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    return openvino  # type: ignore[no-any-return,unused-ignore]


def largest_difference(found: list[MotionOutput], wanted: list[MotionOutput]) -> float:
    """Between two engines' results of the same pictures, as LARGEST_DIFFERENCE counts it."""
    flow, appearance = ([np.stack([each[part] for each in side]) for side in (found, wanted)] for part in range(2))
    scale = max(float(np.abs(appearance[1]).max()), np.finfo(np.float32).tiny)
    return max(float(np.abs(flow[0] - flow[1]).max()), float(np.abs(appearance[0] - appearance[1]).max() / scale))


def _measured_speedup(torch_engine: MotionEngine, engine: MotionEngine) -> float:
    """How many times as much processor time torch takes; 0 if the results differ by more than LARGEST_DIFFERENCE."""
    noise = np.random.default_rng(0).integers(0, 256, (_PROBE_PICTURES, 24, 24, 3), np.uint8)
    pictures = [np.asarray(cv2.resize(each, (PICTURE_SIZE, PICTURE_SIZE)), np.uint8) for each in noise]
    difference = largest_difference(engine.run(pictures), torch_engine.run(pictures))
    if not difference <= LARGEST_DIFFERENCE:  # also when it is not a number
        _log.warning("The motion model runs in torch: OpenVINO's results differ by %g", difference)
        return 0.0
    # Processor time, in turns, and the best round: a busy machine then changes the choice least.
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(_ROUNDS):
        for each, seconds in zip((torch_engine, engine), spent, strict=True):
            begin = time.process_time()
            each.run(pictures)
            seconds.append(time.process_time() - begin)
    ours, theirs = min(spent[0]), min(spent[1])
    return ours / theirs if theirs else 0.0


def _kept_speedup(file: Path) -> float | None:
    try:
        return float(json.loads(file.read_text(encoding="utf-8"))["speedup"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _processor() -> str:
    """What of the processor decides the speed, as far as torch tells."""
    return f"{os.cpu_count()} {torch.backends.cpu.get_cpu_capability()}"


class _WithAppearance(nn.Module):
    def __init__(self, model: MotionModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, frame: Tensor) -> tuple[Tensor, Tensor]:
        return self.model.with_appearance(frame)


def _converted(openvino: ModuleType, model: MotionModel) -> Any:
    """OpenVINO's form of the model: from pictures uint8 [N, 256, 256, 3] to both outputs, channels last."""
    example = torch.zeros(1, 3, PICTURE_SIZE, PICTURE_SIZE)
    # Deprecated, but torch.export takes ten times as long for the same.
    with torch.no_grad():
        traced = torch.jit.trace(_WithAppearance(model).eval(), example, check_trace=False)  # type: ignore[no-untyped-call]
    converted = openvino.convert_model(traced, example_input=example)
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


def _finished(request: Any) -> MotionOutput:
    request.wait()
    # Copies: the request's own memory goes with it.
    flow_rgb, appearance = (np.array(request.get_output_tensor(place).data[0]) for place in range(2))
    return flow_rgb, appearance
