"""What is asked: groups of candidates that differ in one thing."""

from __future__ import annotations

from collections.abc import Collection

from tests.benchmarks.choices.judging import Candidate

CHOSEN = ("speed rarity", "direction rarity", "speed excess")
"""The signals of `engine.scoring.evidence.EVIDENCE`, by their names here."""
_SMOOTHINGS = ((0.3, 1.0), (0.3,), (0.5,), (0.75,), (1.0,), (1.5,), (0.5, 1.5), (0.5, 2.0), (0.3, 1.0, 3.0))


def questions(known: Collection[str]) -> list[tuple[str, list[Candidate]]]:
    """Titles and candidates, of those that need no other signals than the known ones."""
    chosen = tuple(name for name in CHOSEN if name in known)
    variants = sorted({name.split(", ")[1] for name in known if name.startswith(f"{CHOSEN[0]}, ")})
    sizes = sorted(name for name in known if " px" in name)
    others = sorted(name for name in known if name not in (*chosen, *sizes))
    groups = {
        "each signal alone": [Candidate((name,)) for name in (*chosen, *others)],
        "without one, and with one more": [
            Candidate(chosen),
            *(Candidate(tuple(each for each in chosen if each != name)) for name in chosen),
            *(Candidate((*chosen, name)) for name in others if " over " not in name and ", " not in name),
        ],
        "windows of which size, overlapping or side by side": [Candidate((name,)) for name in sizes],
        "how they are joined": [
            Candidate(chosen, join) for join in ("strongest", "sum", "root of squares", "strongest p")
        ],
        "how long they are smoothed": [
            *(Candidate(chosen, smoothing_seconds=each) for each in _SMOOTHINGS),
            *(
                Candidate(chosen, smoothing_seconds=each, live=True)
                for each in ((0.3, 1.0), (0.5,), (1.0,), (0.5, 2.0))
            ),
        ],
        "how counts are shared, or taken widely": [
            Candidate(chosen),
            *(
                Candidate(tuple(f"{name}, {variant}" if f"{name}, {variant}" in known else name for name in chosen))
                for variant in variants
            ),
        ],
        "over how long motion is measured": [
            Candidate(tuple(f"{name}{over}" for name in chosen)) for over in (" over 0.1 s", "", " over 0.4 s")
        ],
    }
    return [
        (title, [candidate for candidate in candidates if set(candidate.signals) <= set(known)])
        for title, candidates in groups.items()
    ]
