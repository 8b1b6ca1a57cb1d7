"""Candidates side by side, as markdown for RESULTS.md."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tests.benchmarks.choices.changes import CONTROLS
from tests.benchmarks.choices.judging import ALARMS_PER_HOUR, Candidate, Footage


def table(footage: Footage, candidates: Sequence[Candidate]) -> str:
    """Global AUC of each kind, their mean without the controls, and events found of all kinds together."""
    kinds = footage.kinds
    heads = ["", *kinds, "mean", *(f"found at {rate:g}/h" for rate in ALARMS_PER_HOUR), "false, at 2 and 10/h"]
    lines = [_row(heads), _row(["---"] * len(heads))]
    for candidate in candidates:
        scored = footage.scores(candidate)
        aucs = footage.aucs(scored)
        counted = [footage.found(scored, rate) for rate in ALARMS_PER_HOUR]
        cells = [f"{aucs[kind]:.1f}" for kind in kinds]
        cells.append(f"{mean_auc(aucs):.1f}")
        for found in counted:
            events = [found[kind] for kind in kinds if kind not in CONTROLS]
            cells.append(f"{sum(hit for hit, _ in events)} of {sum(all_ for _, all_ in events)}")
        cells.append(", ".join(str(found[""][0]) for found in counted))
        lines.append(_row([candidate.label, *cells]))
    return "\n".join(lines)


def mean_auc(aucs: dict[str, float]) -> float:
    """Over the kinds of change, controls left out."""
    return float(np.mean([value for kind, value in aucs.items() if kind not in CONTROLS]))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
