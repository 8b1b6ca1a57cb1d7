"""Reads from a stored analysis where in a frame its evidence lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.analysis.runner import analysis_key, stored_signals
from engine.analysis.score_store import ScoreStore
from engine.scoring.calibration import Calibration
from engine.scoring.conditions import EDGE_SECONDS, Kinds, in_other_light, kinds_of_samples
from engine.scoring.evidence import LOOKS
from engine.scoring.heat_map import EvidenceAt
from engine.scoring.lights import HELD_SECONDS, held_lights
from engine.scoring.motion import PLACES
from engine.scoring.places import PlaceMaps, placed_signals, unpack_places
from engine.scoring.sampling import SAMPLED, Frames, Sampling, Times
from engine.scoring.scorers import default_scorer
from engine.scoring.signals import RawSignals
from engine.scoring.where import REACH_SECONDS, REACH_WINDOWS, WindowEvidence
from engine.scoring.zones import Zones, counted_windows
from engine.video.source import VideoSource

if TYPE_CHECKING:
    # torch takes seconds to import, and whoever has a Predictor has imported it.
    from engine.models.predictor import Predictor


@contextmanager
def stored_evidence(folder: Path, source: VideoSource, predictor: Predictor, zones: Zones = ()) -> Iterator[EvidenceAt]:
    """What tells of each frame of a video what `evidence_at` does, by the default analysis kept in `folder`.

    Raises:
        ScoreStoreError: the store can't be read.
    """
    calibration = predictor.settings.calibration
    sampling = default_scorer(calibration).sampling
    with ScoreStore(folder, analysis_key(source, predictor, sampling)) as store:
        kinds = kinds_of_frames(stored_signals(store, len(source)), source.times, calibration)
        yield lambda frame: evidence_at(store, calibration, source.times, frame, kinds, zones)


def kinds_of_frames(signals: RawSignals, times: Times, calibration: Calibration | None) -> Kinds:
    """What is wrong in each judged frame, by raw signals [N] of frames at times [N]; 0 elsewhere."""
    return kinds_of_samples(signals, times, calibration.references if calibration else ())


def evidence_at(
    store: ScoreStore,
    calibration: Calibration | None,
    times: Times,
    frame: int,
    kinds: Kinds,
    zones: Zones = (),
) -> WindowEvidence | None:
    """The evidence of every window of a frame, by the samples around it, of a video with frames at `times` [N].

    Only windows that count in `zones` have any evidence; each frame is judged in its light, which `kinds` [N] tell.

    None where the analysis has not come so far, or knows no places: without calibration, or of frame 0.

    Raises:
        ScoreStoreError: the store can't be read.
    """
    if calibration is None or not placed_signals(calibration) or not 0 <= frame < len(times):
        return None
    sampling = _sampling(calibration)
    # A sample's neighbours are enough: more of them would only take longer.
    reach = max(REACH_SECONDS, sampling.seconds)
    first, stop = np.searchsorted(times, [times[frame] - reach - 1e-4, times[frame] + reach + 1e-4])
    part = slice(int(first), int(stop))
    wanted = {frame, *(int(each) + part.start for each in np.flatnonzero(sampling.due(times[part])))}
    packed = store.places(sorted(wanted))
    maps = {float(times[each] - times[frame]): unpack_places(found) for each, found in packed.items()}
    if not maps or min(map(abs, maps)) > sampling.seconds:
        return None
    return _evidence_in_light(calibration, maps, kinds, times, frame).within(counted_windows(zones))


Window = tuple[int, int]
"""Row and column of a window."""


def scores_of_window(
    store: ScoreStore, calibration: Calibration, times: Times, window: Window, kinds: Kinds, at_a_time: int = 100
) -> Iterator[tuple[Frames, npt.NDArray[np.float64]]]:
    """What `evidence_at` says of one window at all samples of an analysis: frames [K], scores [K], some at a time.

    Raises:
        ScoreStoreError: the store can't be read.
    """
    sampling = _sampling(calibration)
    judged = np.unique(store.frames())
    frames = judged[sampling.due(times)[judged]] if len(judged) else judged
    reach = max(REACH_SECONDS, sampling.seconds) + 1e-4
    row, column = window
    top, left = max(row - REACH_WINDOWS, 0), max(column - REACH_WINDOWS, 0)
    near = np.s_[:, top : min(row + REACH_WINDOWS + 1, PLACES), left : min(column + REACH_WINDOWS + 1, PLACES)]
    for first in range(0, len(frames), at_a_time):
        part = frames[first : first + at_a_time]
        begin = np.searchsorted(times[frames], times[part] - reach)
        stop = np.searchsorted(times[frames], times[part] + reach)
        packed = store.places(frames[begin[0] : stop[-1]].tolist())
        maps = {frame: unpack_places(found)[near] for frame, found in packed.items()}
        scores = np.full(len(part), np.nan)
        for number, frame in enumerate(part.tolist()):
            around = frames[begin[number] : stop[number]].tolist()
            seen = {float(times[each] - times[frame]): maps[each] for each in around if each in maps}
            if frame in maps:
                found = _evidence_in_light(calibration, seen, kinds, times, frame)
                scores[number] = found.scores[row - top, column - left]
        yield part, scores


def _evidence_in_light(
    calibration: Calibration, maps: Mapping[float, PlaceMaps], kinds: Kinds, times: Times, frame: int
) -> WindowEvidence:
    """The evidence of a frame by the calibration of its light; in a light that has none, by motion alone."""
    reach = max(EDGE_SECONDS, HELD_SECONDS)
    first, stop = np.searchsorted(times, [times[frame] - reach, times[frame] + reach], "right")
    first = min(int(first), frame)
    near, at = kinds[first:stop], times[first:stop]
    names = placed_signals(calibration)
    if LOOKS in names and in_other_light(near, at)[frame - first]:
        maps = {offset: _without_looks(found, names) for offset, found in maps.items()}
    light = int(held_lights(near, at)[frame - first])
    return WindowEvidence.of(calibration.in_light(light), maps)


def _without_looks(maps: PlaceMaps, names: tuple[str, ...]) -> PlaceMaps:
    kept = maps.copy()
    kept[names.index(LOOKS)] = np.nan
    return kept


def _sampling(calibration: Calibration) -> Sampling:
    return SAMPLED if calibration.sampling.is_every_frame else calibration.sampling
