"""`python -m tests.research.motion`: times forms of a detector's motion model, and says how far outputs differ."""

from __future__ import annotations

import argparse
import copy
import math
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from engine.models.detector import load_detector
from engine.models.folding import fold_batch_norms
from engine.models.motion import MotionModel
from engine.models.motion_engine import (
    MotionEngine,
    MotionOutput,
    OpenVinoMotionEngine,
    TorchMotionEngine,
    float32_form,
    int8_form,
)
from engine.models.picture import model_picture
from engine.models.quantisation import LayerRanges
from engine.video import open_video
from engine.video.frame import Pixels
from resources import detector_path

_LEANER = {"half widths": ((16, 32, 64, 128), 2), "shrunk by 4": ((32, 64, 128, 256), 4)}
"""Untrained motion models: channel widths, and the factor by which they shrink their input."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each form."""
    chosen = _parser().parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    detector, _ = load_detector(detector_path(chosen.detector))
    model = copy.deepcopy(detector).eval().motion
    fold_batch_norms(model)
    pictures = list(islice(_pictures(chosen.judged, 1), chosen.pictures))
    if chosen.layers:
        print(_layers(model, pictures))
        return 0
    forms = dict(_forms(model, detector.layer_ranges, chosen.threads))
    wanted = forms["torch float32"].run(pictures)
    seconds = _cpu_seconds(forms, pictures, chosen.rounds)
    print("| form | CPU ms a picture | times as fast | flow RGB off by, mean | greatest | looks off by, mean |")
    print("|---|---|---|---|---|---|")
    for name, form in forms.items():
        off = "|  |  |  |" if name in _LEANER else _differences(form.run(pictures), wanted)
        faster = seconds["torch float32"] / seconds[name]
        print(f"| {name} | {1e3 * seconds[name]:.1f} | {faster:.2f} {off}")
    return 0


def _forms(model: MotionModel, ranges: LayerRanges | None, threads: int) -> Iterator[tuple[str, MotionEngine]]:
    """Engines of the model, and of leaner ones, by name."""
    yield "torch float32", _in_torch(model, torch.float32)
    yield "torch bfloat16", _in_torch(model, torch.bfloat16)
    for name, (widths, shrink) in _LEANER.items():
        leaner = MotionModel(widths=widths, shrink=shrink).eval()
        fold_batch_norms(leaner)
        yield name, _in_torch(leaner, torch.float32)
    if not find_spec("openvino"):
        print("OpenVINO is not installed: its forms are left out.", file=sys.stderr)
        return
    forms = [float32_form(model)]
    if ranges is None:
        print("The detector has no ranges for int8: calibrate it again.", file=sys.stderr)
    else:
        forms.append(int8_form(model, ranges))
    with tempfile.TemporaryDirectory() as folder:
        for number, form in enumerate(forms):
            yield form.name, OpenVinoMotionEngine(form, Path(folder) / f"{number}.xml", threads)


def _in_torch(model: MotionModel, dtype: torch.dtype) -> TorchMotionEngine:
    """As a Predictor runs it: channels last, its last convolution in float32, all pictures as one batch."""
    model = copy.deepcopy(model).to(dtype).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    model.net.head.float()

    @torch.inference_mode()
    def run(pictures: list[Pixels]) -> list[MotionOutput]:
        batch = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).to(dtype) / 255
        outputs = model.with_appearance(batch)
        return list(zip(*(each.permute(0, 2, 3, 1).contiguous().numpy() for each in outputs), strict=True))

    return TorchMotionEngine(run)


def _cpu_seconds(forms: dict[str, MotionEngine], pictures: list[Pixels], rounds: int) -> dict[str, float]:
    """Processor time of a picture by each form: in turns, and the best round, which others disturb least."""
    best = dict.fromkeys(forms, math.inf)
    for _ in range(rounds):
        for name, form in forms.items():
            began = time.process_time()
            form.run(pictures)
            best[name] = min(best[name], (time.process_time() - began) / len(pictures))
    return best


def _differences(found: list[MotionOutput], wanted: list[MotionOutput]) -> str:
    flow, looks = (np.stack([np.abs(a[part] - b[part]) for a, b in zip(found, wanted, strict=True)]) for part in (0, 1))
    largest = max(float(np.abs(each[1]).max()) for each in wanted)
    return f"| {flow.mean():.5f} | {flow.max():.3f} | {100 * looks.mean() / largest:.3f} % |"


def _layers(model: MotionModel, pictures: list[Pixels]) -> str:
    """Processor time of each of torch's operators, in float32."""
    form = _in_torch(model, torch.float32)
    form.run(pictures)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        form.run(pictures)
    return str(profile.key_averages().table(sort_by="self_cpu_time_total", row_limit=12, max_name_column_width=40))


def _pictures(videos: Sequence[Path], every: int) -> Iterator[Pixels]:
    for path in videos:
        with open_video(path) as source:
            yield from (model_picture(frame.pixels) for frame in source.frames() if frame.index % every == 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.research.motion", description=__doc__)
    parser.add_argument("--detector", default="ped2", choices=["ped2", "plaza"])
    parser.add_argument("--judged", nargs="+", type=Path, required=True, metavar="VIDEO", help="what is predicted from")
    parser.add_argument("--pictures", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--layers", action="store_true", help="say instead what torch spends its time on")
    return parser


if __name__ == "__main__":
    sys.exit(main())
