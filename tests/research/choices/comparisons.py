"""The comparisons: groups of candidate scores that differ in one thing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from engine.scoring.evidence import SMOOTHING_SECONDS, WEIGHTS
from tests.research.choices.candidate_scores import CandidateScore

_NAMES = {
    "direction_rarity": "direction rarity",
    "speed_excess_px": "speed excess",
    "velocity_error_px": "velocity error, its order",
    "appearance_distance": "appearance",
}
"""Candidate signals that the engine has, by the names of its raw signals."""
CHOSEN = {_NAMES[name]: weight for name, weight in WEIGHTS.items()}
"""The signals of the engine's calibrated score, and their weights."""
EARLIER = CandidateScore(("speed rarity", "direction rarity", "speed excess"), smoothing_seconds=(0.3, 1.0))
"""The calibrated score before appearance and velocity error came in."""
_SMOOTHINGS = ((0.3,), (0.5,), (0.75,), (1.0,), (0.3, 1.0), (0.5, 1.5))


def comparisons(known: Collection[str]) -> list[tuple[str, list[CandidateScore]]]:
    """Titles and candidate scores, of those that need no other signals than the known ones."""
    chosen = {name: weight for name, weight in CHOSEN.items() if name in known}
    current = _weighted(chosen)
    others = sorted(name for name in known if name not in chosen)
    groups = {
        "each signal alone": [CandidateScore((name,)) for name in (*chosen, *others)],
        "what each part adds": [
            EARLIER,
            current,
            *(_weighted({each: weight for each, weight in chosen.items() if each != name}) for name in chosen),
            *(_weighted({**chosen, name: 1.0}) for name, weight in chosen.items() if weight != 1),
            replace(current, weights=()),
            *_variations(chosen),
        ],
        "how signals are fused": [replace(current, fusion=fusion) for fusion in ("max", "sum", "L2 norm", "min p")],
        "how long signals are smoothed": [
            *(replace(current, smoothing_seconds=each) for each in _SMOOTHINGS),
            *(replace(current, smoothing_seconds=each, live=True) for each in ((0.5,), SMOOTHING_SECONDS, (1.0,))),
        ],
        "over how long motion is measured": [
            _weighted({name + over if name + over in known else name: weight for name, weight in chosen.items()})
            for over in (" over 0.1 s", "", " over 0.4 s")
        ],
    }
    return [
        (title, [candidate for candidate in candidates if candidate.signals and set(candidate.signals) <= set(known)])
        for title, candidates in groups.items()
    ]


def _weighted(weights: Mapping[str, float]) -> CandidateScore:
    return CandidateScore(tuple(weights), weights=tuple(weights.values()))


def _variations(chosen: Mapping[str, float]) -> list[CandidateScore]:
    """The engine's signals with one more, or with one replaced by another."""
    velocity = "velocity error, its order"
    flow = "window flow error, its order"
    return [
        _weighted({**chosen, "speed rarity": 1.0}),
        _weighted({**chosen, "window PSNR": 1 / 2}),
        _weighted({flow if name == velocity else name: weight for name, weight in chosen.items()}),
    ]
