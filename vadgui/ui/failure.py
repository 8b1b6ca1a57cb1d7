"""What could not be done, as the window shows it beside what a person was doing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Failure:
    """Why something could not be found out, in an error's three parts."""

    what: str
    subject: str = ""
    advice: str = ""
    remedy: Mapping[str, float] = field(default_factory=dict)
    """Settings of a run to go on with; empty where nothing need change."""
