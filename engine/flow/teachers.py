"""Estimators of the ground-truth flow behind one interface, chosen by name."""

from __future__ import annotations

from typing import ClassVar, Protocol

import cv2
import numpy as np

from engine.errors import TeacherError
from engine.flow.colour import Flow
from engine.video.frame import Pixels


class Teacher(Protocol):
    """Estimates the flow between two pictures; one thread at a time."""

    name: str
    """What `teacher_by_name` makes the same teacher from."""

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
        self.name = f"dis-{preset}"
        self._preset = self.PRESETS[preset]

    def flow(self, previous: Pixels, current: Pixels) -> Flow:
        """Flow [2, H, W] in px, from the pictures' luma."""
        # An estimator keeps buffers between calls; making one costs nothing and leaves no state for threads to share.
        estimator = cv2.DISOpticalFlow.create(self._preset)
        before, after = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (previous, current))
        flow = estimator.calc(before, after, None)  # type: ignore[call-overload]
        return np.ascontiguousarray(flow.transpose(2, 0, 1))


TEACHER_NAMES = tuple(f"dis-{preset}" for preset in DisTeacher.PRESETS)
DEFAULT_TEACHER = "dis-medium"


def teacher_by_name(name: str) -> Teacher:
    """The teacher of a name out of TEACHER_NAMES; "dis" is the default one.

    Raises:
        TeacherError: there is no such teacher.
    """
    family, _, preset = name.partition("-")
    if family == "dis" and (not preset or preset in DisTeacher.PRESETS):
        return DisTeacher(preset or "medium")
    raise TeacherError(
        "Unknown optical-flow teacher", subject=name, advice=f"Choose one of {', '.join(TEACHER_NAMES)}."
    )
