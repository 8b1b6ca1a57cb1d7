"""Runs the motion model for samples a batch ahead, and only for pictures that differ from those it has seen."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.analysis.transitions import Transition
from engine.common.errors import Cancelled
from engine.common.events import ShouldStop
from engine.scoring.picture_change import highest_change
from engine.video.frame import Pixels

if TYPE_CHECKING:
    # torch takes seconds to import, and whoever has a Predictor has imported it.
    from engine.models.predictor import MotionPrediction, Predictor


def predicted_ahead(
    transitions: Iterable[tuple[Transition, bool]], predictor: Predictor, should_stop: ShouldStop
) -> Generator[list[tuple[Transition, MotionPrediction | None]], None, None]:
    """Transitions with the motion model's predictions of those that are to have one, a batch at a time.

    One whose picture differs from its reference's by noise alone takes over that one's prediction. While a batch is
    with its reader, the next one is predicted in a thread of its own.
    """
    with ThreadPoolExecutor(1, "predicting") as thread:
        batch, ahead = _Batch(), None
        made: dict[int, MotionPrediction] = {}

        def begun() -> tuple[_Batch, Future[list[MotionPrediction]]]:
            return batch, thread.submit(predictor.predict_motion, list(batch.pictures.values()))

        for transition, is_predicted in transitions:
            batch.add(transition, is_predicted, predictor.still_change)
            if should_stop():
                raise Cancelled
            # However few of their pictures have to be predicted: whoever stops the work waits for a batch. Its size
            # shrinks where memory runs out, so the batch may be larger already.
            if len(batch.members) >= predictor.batch_size:
                coming, batch = begun(), _Batch(batch.kept)
                if ahead:
                    yield _finished(*ahead, made)
                ahead = coming
        for last in (ahead, begun()):
            if last:
                yield _finished(*last, made)


@dataclass
class _Batch:
    """Transitions and the pictures that are predicted for them, by the numbers of their frames."""

    known: int | None = None
    """The frame whose prediction earlier batches leave."""
    members: list[tuple[Transition, int | None]] = field(default_factory=list)
    """Each with the frame whose prediction it takes; None where it takes none."""
    pictures: dict[int, Pixels] = field(default_factory=dict)

    def add(self, transition: Transition, is_predicted: bool, still_change: float | None) -> None:
        """Take a transition, and its picture or its reference's if that has to be predicted."""
        number: int | None = None
        if is_predicted:
            number, picture = transition.index - 1, transition.previous
            if transition.reference and still_change is not None:
                reference, its_picture = transition.reference
                if reference != number and highest_change(its_picture, picture) <= still_change:
                    number, picture = reference, its_picture
            if number != self.known:
                self.pictures[number] = picture
        self.members.append((transition, number))

    @property
    def kept(self) -> int | None:
        """The frame whose prediction this batch leaves for the next ones: that of its last reference."""
        references = [transition.reference[0] for transition, _ in self.members if transition.reference]
        last = references[-1] if references else self.known
        return last if last in self.pictures or last == self.known else None


def _finished(
    batch: _Batch, coming: Future[list[MotionPrediction]], made: dict[int, MotionPrediction]
) -> list[tuple[Transition, MotionPrediction | None]]:
    """The batch's transitions with their predictions; of those `made`, what later batches take over stays."""
    made |= zip(batch.pictures, coming.result(), strict=True)
    results = [(transition, None if number is None else made[number]) for transition, number in batch.members]
    for gone in made.keys() - {batch.kept}:
        del made[gone]
    return results
