"""A process that edits a review without pause and saves it as the window does, until it is killed."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QTimer

from engine.review.document import Review
from engine.review.store import look_up
from tests.vadgui.synthetic import open_session, signals_with_bumps, steady_times
from vadgui.jobs.review_keeper import ReviewKeeper
from vadgui.model.reviewing import Reviewing

COUNT = 2000
BUMPS = [(start, start + 20) for start in range(40, COUNT - 60, 80)]


def main(video: Path, seed: int) -> None:
    """Edit the review of `video`, and print the number and the time of each edit once it is done."""
    app = QCoreApplication([])
    chance = random.Random(seed)
    session = open_session(steady_times(COUNT), signals_with_bumps(COUNT, BUMPS))
    reviewing = Reviewing(session)
    found = look_up(video, "synthetic")
    if found.opened:
        session.resume(found.opened.review, found.notice)

    def document() -> Review | None:
        return session.review.document(session.playhead, None)

    keeper = ReviewKeeper(document)
    keeper.attend(found)
    keeper.refused.connect(lambda error: print(f"refused {error}", flush=True))
    session.review.changed.connect(keeper.save_soon)
    known = session.review.segments[0].judged if session.review.segments else None
    number = int(known.note) if known and known.note else 0

    def edit() -> None:
        nonlocal number
        session.scoring.select(chance.choice(session.review.segments[1:]))
        chance.choice(
            [
                reviewing.confirm,
                lambda: reviewing.dismiss("weather"),
                reviewing.bookmark,
                session.review.undo,
                session.review.redo,
                lambda: session.review.set_threshold(chance.choice((0.5, 0.6, 0.7))),
            ]
        )()
        number += 1
        reviewing.write_note(session.review.segments[0], str(number))
        print(f"{number} {time.time()}", flush=True)
        timer.start(chance.randint(1, 60))

    timer = QTimer(singleShot=True)
    timer.timeout.connect(edit)
    timer.start(0)
    app.exec()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
