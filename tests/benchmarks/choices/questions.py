"""What is asked: groups of candidates that differ in one thing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from engine.scoring.evidence import SMOOTHING_SECONDS, WEIGHTS
from tests.benchmarks.choices.judging import Candidate

_NAMES = {
    "direction_rarity": "direction rarity",
    "speed_excess_px": "speed excess",
    "velocity_error_px": "velocity error, its order",
    "appearance_distance": "appearance",
}
"""Raw signals of the engine, by their names here."""
CHOSEN = {_NAMES[name]: weight for name, weight in WEIGHTS.items()}
"""What the engine weighs."""
EARLIER = Candidate(("speed rarity", "direction rarity", "speed excess"), smoothing_seconds=(0.3, 1.0))
"""What made the calibrated score before."""
_SMOOTHINGS = ((0.3,), (0.5,), (0.75,), (1.0,), (0.3, 1.0), (0.5, 1.5))


def questions(known: Collection[str]) -> list[tuple[str, list[Candidate]]]:
    """Titles and candidates, of those that need no other signals than the known ones."""
    chosen = {name: weight for name, weight in CHOSEN.items() if name in known}
    best = _weighing(chosen)
    others = sorted(name for name in known if name not in chosen)
    groups = {
        "each signal alone": [Candidate((name,)) for name in (*chosen, *others)],
        "what each part adds": [
            EARLIER,
            best,
            *(_weighing({each: weight for each, weight in chosen.items() if each != name}) for name in chosen),
            *(_weighing({**chosen, name: 1.0}) for name, weight in chosen.items() if weight != 1),
            replace(best, weights=()),
            *_otherwise(chosen),
        ],
        "how they are joined": [
            replace(best, join=join) for join in ("strongest", "sum", "root of squares", "strongest p")
        ],
        "how long they are smoothed": [
            *(replace(best, smoothing_seconds=each) for each in _SMOOTHINGS),
            *(replace(best, smoothing_seconds=each, live=True) for each in ((0.5,), SMOOTHING_SECONDS, (1.0,))),
        ],
        "over how long motion is measured": [
            _weighing({name + over if name + over in known else name: weight for name, weight in chosen.items()})
            for over in (" over 0.1 s", "", " over 0.4 s")
        ],
    }
    return [
        (title, [candidate for candidate in candidates if set(candidate.signals) <= set(known)])
        for title, candidates in groups.items()
    ]


def _weighing(weights: Mapping[str, float]) -> Candidate:
    return Candidate(tuple(weights), weights=tuple(weights.values()))


def _otherwise(chosen: Mapping[str, float]) -> list[Candidate]:
    """The choice with one more signal, or another in the place of one."""
    velocity = "velocity error, its order"
    flow = "window flow error, its order"
    return [
        _weighing({**chosen, "speed rarity": 1.0}),
        _weighing({**chosen, "window PSNR": 1 / 2}),
        _weighing({flow if name == velocity else name: weight for name, weight in chosen.items()}),
    ]
