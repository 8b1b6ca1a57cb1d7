"""Who may analyse which recording, and for how long."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.archive.database import Archive
from engine.archive.leases import Heartbeat, LeasedRecording, LeaseLostError, Leases, wait_again
from engine.archive.schema import FileState, folders, recordings

MORNING = datetime(2026, 3, 28, 8, tzinfo=UTC)


class Clock:
    """The data base's, turned by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = MORNING
        monkeypatch.setattr(Archive, "now", lambda *_: self.now)

    def go_on(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def fill(archive: Archive, count: int) -> None:
    with archive.changing() as connection:
        connection.execute(sa.insert(folders).values(id=1, path=Path("/f"), camera_rule={}))
        for number in range(count):
            connection.execute(
                sa.insert(recordings).values(
                    **{"folder_id": 1, "path": Path(f"/f/{number}.mp4"), "size_bytes": 1, "modified_ns": 1},
                    **{"file_state": FileState.PRESENT, "camera": ("north", "south")[number % 2]},
                    **{"start_time": MORNING + timedelta(hours=number), "fingerprint": str(number)},
                )
            )


def column(archive: Archive, name: str) -> list[object]:
    with archive.reading() as connection:
        return list(connection.execute(sa.select(recordings.c[name]).order_by(recordings.c.id)).scalars())


def names(*taken: LeasedRecording | None) -> list[str]:
    return [each.path.stem if each else "none" for each in taken]


def test_each_recording_is_one_processs_alone_the_oldest_first(archive: Archive) -> None:
    fill(archive, 3)
    one, other = Leases(archive), Leases(archive)
    assert names(one.take(), other.take(), one.take(), other.take()) == ["0", "1", "2", "none"]


def test_only_chosen_cameras_and_files_that_are_there_are_taken(archive: Archive) -> None:
    fill(archive, 5)
    with archive.changing() as connection:
        gone = sa.update(recordings).where(recordings.c.fingerprint == "1")
        connection.execute(gone.values(file_state=FileState.MISSING))
    leases = Leases(archive, cameras=["south"])
    assert names(leases.take(), leases.take()) == ["3", "none"]


def test_many_at_once_never_take_the_same(place: str) -> None:
    with Archive(place, create=True) as archive:
        fill(archive, 40)
    taken: list[str] = []

    def work() -> None:
        with Archive(place) as own:
            leases = Leases(own)
            while recording := leases.take():
                taken.append(recording.path.stem)
                with leases.finishing(recording, {}):
                    pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken, key=int) == [str(number) for number in range(40)]


def test_a_dead_processs_recording_is_free_when_its_lease_is_over(archive: Archive, clock: Clock) -> None:
    fill(archive, 1)
    dead, other = Leases(archive, lease_seconds=100), Leases(archive)
    lost = dead.take()
    clock.go_on(99)
    assert other.take() is None
    clock.go_on(2)
    taken = other.take()
    assert names(taken) == ["0"]
    # It was not dead after all, only silent: what it finds is not written.
    assert lost is not None
    assert not dead.renew(lost)
    with pytest.raises(LeaseLostError), dead.finishing(lost, {"detector_name": "late"}):
        pass
    assert (column(archive, "analysis_state"), column(archive, "detector_name")) == (["running"], [""])


@pytest.mark.parametrize("years", [1, 73])
def test_what_was_leased_while_the_clock_was_ahead_is_free_when_it_is_set_right(
    archive: Archive, clock: Clock, years: int
) -> None:
    fill(archive, 1)
    clock.go_on(years * 365 * 86400)
    assert Leases(archive).take() is not None
    clock.go_on(-years * 365 * 86400)
    assert names(Leases(archive).take()) == ["0"]


def test_a_clock_that_jumps_takes_nothing_from_a_process_that_goes_on(archive: Archive, clock: Clock) -> None:
    fill(archive, 1)
    mine = Leases(archive)
    taken = mine.take()
    assert taken is not None
    for jump in (-3600, 3600, -86400 * 400):
        clock.go_on(jump)
        assert mine.renew(taken)
        assert Leases(archive).take() is None


def test_who_says_something_keeps_it(archive: Archive, clock: Clock) -> None:
    fill(archive, 1)
    leases, other = Leases(archive, lease_seconds=100), Leases(archive)
    recording = leases.take()
    assert recording is not None
    seconds = iter(range(0, 1000, 20))
    heartbeat = Heartbeat(leases, recording, lambda: False, 100, clock=lambda: float(next(seconds)))
    for _ in range(10):
        clock.go_on(20)
        heartbeat.share += 0.1
        assert not heartbeat.should_stop()
        assert other.take() is None
    assert column(archive, "analysed_share")[0] == pytest.approx(1, abs=0.21)
    clock.go_on(200)
    assert other.take() is not None
    assert any(heartbeat.should_stop() for _ in range(3))
    assert heartbeat.is_lost


def test_what_fails_waits_behind_the_others_and_fails_for_good_at_last(archive: Archive) -> None:
    fill(archive, 2)
    leases = Leases(archive, most_attempts=2)
    first = leases.take()
    assert first is not None
    assert not leases.fail(first, "broken")
    assert names(leases.take()) == ["1"]
    again = leases.take()
    assert names(again) == ["0"]
    assert again is not None
    assert leases.fail(again, "still broken")
    assert leases.take() is None
    assert column(archive, "analysis_problem") == ["still broken", ""]
    assert wait_again(archive, "", failed=True) == 1
    assert names(leases.take()) == ["0"]


def test_what_kills_its_process_each_time_fails_for_good(archive: Archive, clock: Clock) -> None:
    fill(archive, 1)
    for _ in range(2):
        assert Leases(archive, most_attempts=2).take() is not None
        clock.go_on(1000)
    assert Leases(archive, most_attempts=2).take() is None
    assert column(archive, "analysis_state") == ["failed"]
    assert "ended without a word" in str(column(archive, "analysis_problem"))


def test_what_is_given_back_lost_no_attempt(archive: Archive) -> None:
    fill(archive, 1)
    leases = Leases(archive, most_attempts=1)
    for _ in range(3):
        recording = leases.take()
        assert recording is not None
        leases.release(recording)
    assert column(archive, "attempts") == [0]


def test_another_detector_takes_again_what_it_did_not_analyse(archive: Archive) -> None:
    fill(archive, 3)
    leases = Leases(archive)
    for detector in ("old", "new"):
        recording = leases.take()
        assert recording is not None
        with leases.finishing(recording, {"detector_fingerprint": detector}):
            pass
    assert names(leases.take()) == ["2"]
    assert leases.take() is None
    assert wait_again(archive, "new", failed=False) == 1
    assert names(leases.take()) == ["0"]
