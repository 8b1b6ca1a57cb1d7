"""How far an archive is: recordings, hours, analyses that wait, run or failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.archive.searching import CameraCounts, Query
from engine.common.durations import footage_in_words
from engine.common.language import tr, tr_n
from engine.review.document import Verdict


def status_lines(cameras: Sequence[CameraCounts]) -> Iterator[str]:
    """What there is and how far it is, a line each."""
    present = sum(each.present for each in cameras)
    length = footage_in_words(3600 * sum(each.hours for each in cameras))
    yield tr_n("{count} recording, {length}", "{count} recordings, {length}", present).format(
        count=present, length=length
    )
    done, running, waiting, failed = (
        sum(getattr(each, state) for each in cameras) for state in ("done", "running", "waiting", "failed")
    )
    if present:
        yield tr("{done} of {count} analysed").format(done=done, count=present)
    if running:
        yield tr_n("{count} is being analysed", "{count} are being analysed", running).format(count=running)
    if waiting:
        yield tr_n("{count} waits for its analysis", "{count} wait for their analysis", waiting).format(count=waiting)
    if failed:
        yield tr("{count} failed").format(count=failed)
    found = sum(sum(each.verdicts.values()) for each in cameras)
    unreviewed = sum(each.verdicts.get(Verdict.UNREVIEWED, 0) for each in cameras)
    if found:
        yield tr_n(
            "{count} segment, {unreviewed} unreviewed", "{count} segments, {unreviewed} unreviewed", found
        ).format(count=found, unreviewed=unreviewed)


def nothing_found(cameras: Sequence[CameraCounts], place: str, query: Query) -> str:
    """Why the list of segments is empty, and what to do about it."""
    if not sum(each.present for each in cameras):
        command = f'vad archive scan FOLDER --archive "{place}"'
        return tr("There is no recording in the archive yet. Scan your folders:\n\n{command}").format(command=command)
    if query.has_no_time:
        return tr("No segment can begin between these times: From is not before To.")
    if query != Query():
        return tr("Nothing fits. Ask for less, or press Clear.")
    if not any(each.done for each in cameras):
        command = f'vad archive analyse --detector NAME --archive "{place}"'
        if any(each.running for each in cameras):
            return tr("The first analyses are running. What they find comes here by itself.")
        return tr("Nothing is analysed yet. Analyse what waits, here or on other machines:\n\n{command}").format(
            command=command
        )
    return tr("Nothing was flagged so far.")
