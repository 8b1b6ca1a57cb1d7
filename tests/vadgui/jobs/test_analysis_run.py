"""An analysis in hand tells at its end what only a full pass over the recording could find."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from engine.common.events import never_stop
from engine.models.predictor import Predictor
from engine.video.frame import ConcealedFrames, Frame
from tests.vadgui.fakes import MemoryVideo, StillPredictor
from vadgui.jobs.analysis_run import AnalysisRun
from vadgui.jobs.messages import Message, TimesRevised

CONCEALED = (ConcealedFrames(10, 20),)


class DamagedVideo(MemoryVideo):
    """Nobody knows of its damage before all of it was decoded; its times stay what they are."""

    def frames(self, *arguments: Any, **named: Any) -> Iterator[Frame]:
        yield from super().frames(*arguments, **named)
        self._info = replace(self._info, concealed=CONCEALED)


def test_damage_that_is_found_on_the_way_is_told(tmp_path: Path) -> None:
    messages: list[Message] = []
    video = DamagedVideo(tmp_path / "a", 40, is_scene=True)
    run = AnalysisRun(video, cast(Predictor, StillPredictor()), tmp_path / "analyses", messages.append, never_stop)
    run.run()
    while run.running:
        run.step()
    run.close()
    (told,) = (each for each in messages if isinstance(each, TimesRevised))
    assert told.info.concealed == CONCEALED
    assert told.times is video.times
