"""Results of candidate scores as markdown tables for docs/research/choice-of-signals.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tests.research.choices.candidate_scores import ALARMS_PER_HOUR, CandidateScore, LabelledFootage
from tests.research.choices.changes import CONTROLS


@dataclass(frozen=True)
class Result:
    """AUCs, events found and false alarms of a candidate score on one camera."""

    label: str
    aucs: dict[str, float]
    """Global AUC of each kind, percent."""
    found: tuple[int, ...]
    """Events found of all kinds but the controls, at each of ALARMS_PER_HOUR."""
    events: int
    false_alarms: tuple[int, ...]
    """In the unchanged clips, at each of ALARMS_PER_HOUR."""

    @property
    def mean(self) -> float:
        """Mean AUC, controls left out."""
        return float(np.mean([value for kind, value in self.aucs.items() if kind not in CONTROLS]))


def result_of(footage: LabelledFootage, candidate: CandidateScore) -> Result:
    """Judge one candidate."""
    scored = footage.scores(candidate)
    counted = [footage.found(scored, rate) for rate in ALARMS_PER_HOUR]
    kinds = [kind for kind in footage.kinds if kind not in CONTROLS]
    return Result(
        candidate.label,
        footage.aucs(scored),
        tuple(sum(found[kind][0] for kind in kinds) for found in counted),
        sum(counted[0][kind][1] for kind in kinds),
        tuple(found[""][0] for found in counted),
    )


def table(results: Sequence[Result]) -> str:
    """One camera's results, a row for each candidate."""
    kinds = list(results[0].aucs)
    rates = [f"{rate:g}/h" for rate in ALARMS_PER_HOUR]
    heads = ["", *kinds, "mean", *(f"found of {results[0].events} at {rate}" for rate in rates), "false alarms"]
    rows = [
        [
            each.label,
            *(f"{each.aucs[kind]:.1f}" for kind in kinds),
            f"{each.mean:.1f}",
            *map(str, each.found),
            ", ".join(map(str, each.false_alarms)),
        ]
        for each in results
    ]
    return _markdown(heads, rows)


def side_by_side(cameras: dict[str, Sequence[Result]]) -> str:
    """Mean AUCs of several cameras beside each other, of the candidates that all of them know; best mean first."""
    means = {camera: {each.label: each.mean for each in results} for camera, results in cameras.items()}
    labels = [label for label in next(iter(means.values())) if all(label in of for of in means.values())]
    rows = [(label, [of[label] for of in means.values()]) for label in labels]
    rows.sort(key=lambda row: -float(np.mean(row[1])))
    cells = [[label, *(f"{value:.1f}" for value in values), f"{np.mean(values):.1f}"] for label, values in rows]
    return _markdown(["", *means, "mean"], cells)


def _markdown(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows))
