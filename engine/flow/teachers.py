"""Teachers: estimators of the flow that serves as ground truth, chosen by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import cv2
import numpy as np

from engine.common.errors import TeacherError
from engine.common.paths import weights_folder
from engine.flow.colour import Flow
from engine.video.frame import Pixels

_MIN_DIS_SIDE_PX = 32  # DIS uses patches of 8 px, at a quarter of the picture's size or coarser


class Teacher(Protocol):
    """Estimates the flow between two pictures; may be used by several threads at once."""

    name: str
    """The name from which `teacher_by_name` makes the same teacher."""
    fingerprint: str
    """Identifies the flow that the teacher gives: its name and, of a network, a hash of its weights."""

    def flow(self, previous: Pixels, current: Pixels) -> Flow:
        """Flow [2, H, W] in px from one RGB picture uint8 [H, W, 3] to the next."""
        ...


class DisTeacher:
    """OpenCV's dense inverse search (Kroeger et al., ECCV 2016): needs no weights and is quick on a CPU."""

    PRESETS: ClassVar = {
        "ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
        "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
        "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
    }

    def __init__(self, preset: str = "medium") -> None:
        self.name = self.fingerprint = f"dis-{preset}"
        self._preset = self.PRESETS[preset]

    def flow(self, previous: Pixels, current: Pixels) -> Flow:
        """Flow [2, H, W] in px, estimated from the luma of both pictures."""
        # An estimator keeps buffers between calls; a new one for each call costs nothing and is thread-safe.
        estimator = cv2.DISOpticalFlow.create(self._preset)
        height, width = previous.shape[:2]
        before, after = (cv2.cvtColor(_padded_for_dis(each), cv2.COLOR_RGB2GRAY) for each in (previous, current))
        flow = estimator.calc(before, after, None)  # type: ignore[call-overload]
        return np.ascontiguousarray(flow[:height, :width].transpose(2, 0, 1))


def _padded_for_dis(picture: Pixels) -> Pixels:
    """The picture, padded with its last row and column to the minimum size for DIS, below which OpenCV crashes."""
    missing = [max(0, _MIN_DIS_SIDE_PX - side) for side in picture.shape[:2]]
    if not any(missing):
        return picture
    return np.pad(picture, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")


@dataclass(frozen=True)
class _WeightsFile:
    """The weights file that a network teacher needs."""

    file_name: str
    """File name in `weights_folder()`."""
    source: str
    """Where to get it, as a sentence for error messages."""


_WEIGHTS = {
    "raft": _WeightsFile(
        "raft-small.pth",
        "RAFT's authors release it as raft-small.pth (github.com/princeton-vl/RAFT), torchvision as raft_small",
    ),
    "pwcnet": _WeightsFile(
        "pwcnet.pth",
        "PWC-Net's authors release it as pwc_net.pth.tar (github.com/NVlabs/PWC-Net, not for commercial use), "
        "pytorch-pwc as network-default.pytorch",
    ),
}

TEACHER_NAMES = (*(f"dis-{preset}" for preset in DisTeacher.PRESETS), *_WEIGHTS)
EXPERIMENTAL_TEACHERS = frozenset({"pwcnet"})
"""Teachers tested with random weights against an independent formula, but never with the published weights."""
DEFAULT_TEACHER = "dis-medium"


def teacher_by_name(name: str, *, weights: Path | None = None, device: str = "cpu") -> Teacher:
    """The teacher with a name out of TEACHER_NAMES; "dis" is the default one.

    Networks load their weights from the file `weights`, by default from the one in `weights_folder()`, and run on
    `device`, a name out of `engine.common.device.DEVICE_NAMES`.

    Raises:
        TeacherError: there is no such teacher, or the weights that it needs are missing or wrong.
        DeviceError: this machine has no such device.
    """
    family, _, preset = name.partition("-")
    if family == "dis" and (not preset or preset in DisTeacher.PRESETS):
        if weights is not None:
            raise TeacherError(
                "DIS needs no weights", subject=weights, advice=f"Choose the teacher they are of: {_listed(_WEIGHTS)}."
            )
        return DisTeacher(preset or "medium")
    if name in _WEIGHTS:
        path = _weights_path(name, weights)
        from engine.flow.networks.teacher import NetworkTeacher  # torch takes seconds to import

        return NetworkTeacher(name, path, device)
    raise TeacherError("Unknown optical-flow teacher", subject=name, advice=f"Choose one of {_listed(TEACHER_NAMES)}.")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _weights_path(name: str, weights: Path | None) -> Path:
    required = _WEIGHTS[name]
    path = weights or weights_folder() / required.file_name
    if path.is_file():
        return path
    if weights:
        raise TeacherError(
            "There is no such weights file", subject=weights, advice=f"Check the path. {required.source}."
        )
    raise TeacherError(
        f"The teacher {name} needs a file of weights, which is not part of this program",
        subject=path,
        advice=f"{required.source}. Put it there under that name, set VADGUI_WEIGHTS to the folder it is in, or name "
        "the file itself where that is asked (by command: `vad flow --weights FILE`, "
        "`vad train --teacher-weights FILE`).",
    )
