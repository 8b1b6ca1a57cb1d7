"""The check itself: a generator over videos, each looked at in samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.events import Progress, ShouldStop, never_stop
from engine.footage_check.report import FootageReport, FootageSummary


def check_footage(
    paths: Sequence[Path], should_stop: ShouldStop = never_stop
) -> Iterator[Progress | FootageReport | FootageSummary]:
    """Look over videos and picture folders: a report each in their order, at last the summary of all.

    What can't be read is a finding, not an error. `paths` are videos, as `footage_videos` finds them.

    Raises:
        Cancelled: `should_stop` said yes.
    """
    raise NotImplementedError
