"""Errors in three parts: what failed, on which subject, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.common.names import displayable


class VadError(Exception):
    """A failure that a person can act on; both the command line and the window show it in these three parts."""

    def __init__(self, what: str, *, subject: str | Path | None = None, advice: str = "") -> None:
        """`what` failed, on which `subject` (a file, a device, a setting), and `advice` on what to do next."""
        self.what = _drawable(what.rstrip(".") if what.endswith(".") else what)
        self.subject = "" if subject is None else displayable(subject)
        self.advice = _drawable(advice)
        super().__init__(self.what)

    def __str__(self) -> str:
        sentence = f"{self.what}: {self.subject}" if self.subject else f"{self.what}."
        return f"{sentence}\n{self.advice}" if self.advice else sentence


def _drawable(text: str) -> str:
    """Text of several lines, in which names may occur; the very text where it can be drawn, see `TranslatedText`."""
    drawable = "\n".join(map(displayable, text.split("\n")))
    return text if drawable == text else drawable


class VideoError(VadError):
    """A video or picture folder can't be opened, decoded or written."""


class DetectorFileError(VadError):
    """A detector file is unknown, damaged, or made by a newer version."""


class ScoreStoreError(VadError):
    """An analysis can't be read from or written to its cache."""


class ReviewError(VadError):
    """A review can't be read or written, or a change of it is not possible."""


class ArchiveError(VadError):
    """An archive can't be opened, read or changed."""


class ExportError(VadError):
    """A clip, table or report can't be written."""


class ZonesError(VadError):
    """A file of zones can't be read or written, or zones make no sense."""


class DatasetError(VadError):
    """A dataset's layout or labels are not as documented."""


class TeacherError(VadError):
    """An optical-flow teacher is unknown, or what it needs is missing."""


class FlowFileError(VadError):
    """A file of optical flow can't be read or written."""


class TrainingError(VadError):
    """A training run can't start or go on."""

    def __init__(
        self,
        what: str,
        *,
        subject: str | Path | None = None,
        advice: str = "",
        remedy: Mapping[str, float] | None = None,
    ) -> None:
        """`remedy` holds the settings that the advice names and that the run can be resumed with, see `Run.amend`."""
        super().__init__(what, subject=subject, advice=advice)
        self.remedy = dict(remedy or {})


class DeviceError(VadError):
    """The requested device can't be used on this machine."""


class Cancelled(Exception):  # noqa: N818 - not an error, so not named one
    """Raised inside long work when its `should_stop` said yes; not a failure, never shown to a person."""
