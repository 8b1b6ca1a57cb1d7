"""Where a review goes, and that two windows never overwrite each other's."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.common.errors import ReviewError
from engine.common.language import SOURCE_LANGUAGE, use_language
from engine.review import place_check
from engine.review.document import JudgedSegment, Review, Verdict, to_bytes
from engine.review.files import personal_path, read_review, usual_path, write_review
from engine.review.locking import ReviewLock, holder
from engine.review.store import ChangedReviewError, FoundReview, ReviewStore, look_up
from tests.engine.review.making import recording


def review(playhead: int = 0) -> Review:
    return Review(recordings=(recording(playhead=playhead),))


@pytest.fixture
def video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VADGUI_REVIEWS", str(tmp_path / "mine"))
    (tmp_path / "videos").mkdir()
    return tmp_path / "videos" / "street.mp4"


def test_a_new_review_goes_beside_its_recording_and_is_found_there(video: Path) -> None:
    store = ReviewStore(look_up(video, "abc"))
    store.claim()
    assert list(video.parent.iterdir()) == [], "nothing is written before something was decided"
    store.write(review(5))
    store.write(review(6))
    store.close()
    found = look_up(video, "abc")
    assert found.opened is not None
    assert found.opened.path == usual_path(video)
    assert found.opened.review.recordings[0].playhead == 6


def test_where_the_folder_cannot_be_written_it_goes_to_the_persons_folder(
    video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def refuse(path: str, *args: int, **options: int) -> int:
        if Path(path).parent == video.parent and args and args[0] & os.O_CREAT:
            raise PermissionError(13, "Permission denied", path)
        return real(path, *args, **options)

    monkeypatch.setattr(os, "open", refuse)
    store = ReviewStore(look_up(video, "abc"))
    store.write(review(5))
    store.close()
    assert store.path == personal_path(video, "abc")
    assert list(video.parent.iterdir()) == []
    found = look_up(video, "abc")
    assert found.opened is not None
    assert found.opened.path == personal_path(video, "abc")


def test_a_second_window_may_not_write(video: Path) -> None:
    write_review(usual_path(video), review())
    first, second = ReviewStore(look_up(video, "abc")), ReviewStore(look_up(video, "abc"))
    first.claim()
    with pytest.raises(ReviewError, match=f"open in another window .*process {os.getpid()}"):
        second.claim()
    first.close()
    second.claim()
    second.close()


def test_who_holds_a_review_is_told_in_the_language_of_the_window_that_may_not_write(video: Path) -> None:
    write_review(usual_path(video), review())
    first, second = ReviewStore(look_up(video, "abc")), ReviewStore(look_up(video, "abc"))
    first.claim()
    use_language("de")
    try:
        with pytest.raises(ReviewError, match=f"Prozess {os.getpid()}") as refused:
            second.claim()
    finally:
        use_language(SOURCE_LANGUAGE)
        first.close()
    assert " on " not in refused.value.what
    assert "process" not in refused.value.what


@pytest.mark.parametrize("text", ["Ann on the way", "Ann", ""])
def test_a_holder_that_another_version_wrote_is_told_as_it_is(video: Path, text: str) -> None:
    (video.parent / ".street.vadreview.lock-holder").write_text(text, encoding="utf-8")
    assert holder(video.parent / "street.vadreview") == (text or "somebody else")


def test_a_window_that_read_it_before_the_other_wrote_may_not_write(video: Path) -> None:
    first, second = ReviewStore(look_up(video, "abc")), ReviewStore(look_up(video, "abc"))
    first.write(review(1))
    first.close()
    with pytest.raises(ReviewError, match="changed by another window"):
        second.write(review(2))
    assert read_review(usual_path(video)).review.recordings[0].playhead == 1
    third = ReviewStore(look_up(video, "abc"))
    third.write(review(3))
    third.close()


def test_a_review_that_cannot_be_read_is_never_written_over(video: Path) -> None:
    usual_path(video).write_text("{")
    found = look_up(video, "abc")
    assert found.refusal is not None
    with pytest.raises(ReviewError, match="damaged"):
        ReviewStore(found).write(review())
    assert usual_path(video).read_text() == "{"


def test_a_recording_of_the_program_itself_gets_no_files_beside_it(video: Path) -> None:
    store = ReviewStore(FoundReview(video, "abc", may_be_beside=False))
    store.write(review())
    store.close()
    assert list(video.parent.iterdir()) == []


def test_a_review_saved_elsewhere_goes_on_there_and_is_found_by_its_recording(video: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "case" / "one.review.json"
    elsewhere.parent.mkdir()
    here = Review(recordings=(recording(path=str(video), playhead=7),))
    store = ReviewStore(look_up(video, "abc"))
    store.write(review(5))
    store.save_as(elsewhere, review(6))
    store.write(here)
    store.close()
    assert store.path == elsewhere
    assert read_review(usual_path(video)).review.recordings[0].playhead == 5, "the one before stays as it was"
    found = look_up(video, "abc")
    assert found.opened is not None
    assert found.opened.path == elsewhere
    assert found.opened.review.recordings[0].playhead == 7
    assert found.opened.review.recordings[0].relative_path == str(Path("../videos/street.mp4"))


def test_saving_elsewhere_lets_others_write_the_file_before_and_locks_the_new_one(video: Path, tmp_path: Path) -> None:
    store = ReviewStore(look_up(video, "abc"))
    store.write(review(5))
    store.save_as(tmp_path / "one.review.json", review(6))
    before, new = ReviewLock(usual_path(video)), ReviewLock(tmp_path / "one.review.json")
    before.acquire()
    before.release()
    with pytest.raises(ReviewError, match="another window"):
        new.acquire()
    store.close()


def test_another_review_is_replaced_only_when_told_to_and_stays_whole(video: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.review.json"
    write_review(other, review(1))
    store = ReviewStore(look_up(video, "abc"))
    store.write(review(5))
    with pytest.raises(ReviewError, match="There is a file of this name"):
        store.save_as(other, review(6))
    assert store.path == usual_path(video)
    assert read_review(other).review.recordings[0].playhead == 1
    os.utime(other, (1e9, 1e9))
    store.save_as(other, review(6), replaces=True)
    for playhead in range(7, 12):
        store.write(review(playhead))
    store.close()
    assert read_review(other).review.recordings[0].playhead == 11
    (aside,) = tmp_path.glob("other.review.json.replaced-*")
    assert read_review(aside).review.recordings[0].playhead == 1


def test_a_folder_is_not_replaced_by_a_review(video: Path, tmp_path: Path) -> None:
    (tmp_path / "one.review.json").mkdir()
    store = ReviewStore(look_up(video, "abc"))
    store.write(review(5))
    with pytest.raises(ReviewError, match="folder of this name"):
        store.save_as(tmp_path / "one.review.json", review(6), replaces=True)
    store.close()
    assert store.path == usual_path(video)


def test_a_review_that_another_window_has_is_not_replaced(video: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.review.json"
    write_review(other, review(1))
    lock = ReviewLock(other)
    lock.acquire()
    store = ReviewStore(look_up(video, "abc"))
    with pytest.raises(ReviewError, match="another window"):
        store.save_as(other, review(6), replaces=True)
    lock.release()
    store.write(review(7))
    store.close()
    assert store.path == usual_path(video), "it is kept where it would have been"


def test_where_a_saved_review_is_gone_the_one_before_opens_and_says_so(video: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "stick" / "one.review.json"
    elsewhere.parent.mkdir()
    store = ReviewStore(look_up(video, "abc"))
    store.write(review(5))
    store.save_as(elsewhere, review(6))
    store.close()
    shutil.rmtree(elsewhere.parent)
    found = look_up(video, "abc")
    assert found.opened is not None
    assert found.opened.path == usual_path(video)
    assert "which is not there now" in found.notice


def judged(*starts: int) -> Review:
    segments = tuple(JudgedSegment(start=each, stop=each + 10, verdict=Verdict.CONFIRMED) for each in starts)
    return Review(recordings=(recording(segments=segments),))


def test_of_two_reviews_on_disks_that_come_and_go_the_older_one_is_told(video: Path, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    store = ReviewStore(look_up(video, "abc"))
    store.write(judged())
    store.save_as(stick / "one.review.json", judged(10))
    store.write(judged(10, 50))
    store.close()
    stick.rename(tmp_path / "away")
    store = ReviewStore(look_up(video, "abc"))
    store.write(judged(90))
    store.close()
    (tmp_path / "away").rename(stick)
    found = look_up(video, "abc")
    assert found.opened is not None
    assert found.opened.path == usual_path(video)
    assert f"{stick / 'one.review.json'}, has 2 verdicts that this one lacks" in found.notice
    assert len(read_review(stick / "one.review.json").review.recordings[0].segments) == 2, "it stays as it is"


def test_an_older_review_from_which_the_newest_went_on_is_not_told(video: Path, tmp_path: Path) -> None:
    store = ReviewStore(look_up(video, "abc"))
    store.write(judged(10))
    store.save_as(tmp_path / "one.review.json", judged(10))
    store.write(judged(10, 50))
    store.close()
    assert look_up(video, "abc").notice == ""


def test_a_disk_that_is_taken_away_is_not_written_beneath(video: Path, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    store = ReviewStore(look_up(video, "abc"))
    store.save_as(stick / "one.review.json", review(5))
    stick.rename(tmp_path / "away")
    stick.mkdir()
    with pytest.raises(OSError, match=re.escape(os.strerror(errno.ENODEV))):
        store.write(review(6))
    assert list(stick.iterdir()) == []
    stick.rmdir()
    (tmp_path / "away").rename(stick)
    store.write(review(7))
    store.close()
    assert read_review(stick / "one.review.json").review.recordings[0].playhead == 7


def test_nothing_is_saved_in_the_empty_folder_of_a_disk_that_is_gone(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "media" / "ada" / "STICK"
    disk.mkdir(parents=True)
    monkeypatch.setattr(place_check, "_MOUNT_FOLDERS", (tmp_path / "media",))
    store = ReviewStore(look_up(video, "abc"))
    store.write(review(5))
    for path in (disk / "one.review.json", disk / "case" / "one.review.json"):
        with pytest.raises(ReviewError, match="not connected"):
            store.save_as(path, review(6))
    assert list(disk.iterdir()) == []
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == disk)
    store.save_as(disk / "one.review.json", review(7))
    store.close()
    assert store.path == disk / "one.review.json"


@pytest.mark.parametrize("name", [".review.json", "a\nb.review.json", "a\x07.review.json", "  .review.json"])
def test_a_name_that_nobody_could_read_is_refused(name: str, video: Path, tmp_path: Path) -> None:
    store = ReviewStore(look_up(video, "abc"))
    store.write(review(5))
    with pytest.raises(ReviewError, match="can't have this name"):
        store.save_as(tmp_path / name, review(6))
    store.close()
    assert store.path == usual_path(video)


def test_the_open_review_is_known_by_other_spellings(video: Path, tmp_path: Path) -> None:
    store = ReviewStore(look_up(video, "abc"))
    store.write(review(5))
    link = tmp_path / "link.review.json"
    link.symlink_to(usual_path(video))
    for playhead, path in enumerate((link, video.parent / ".." / "videos" / usual_path(video).name), 6):
        store.save_as(path, review(playhead))
        assert store.path == usual_path(video)
        assert read_review(usual_path(video)).review.recordings[0].playhead == playhead
    store.close()
    assert link.is_symlink()


def test_a_review_that_is_opened_by_a_link_is_locked_and_stays_linked(video: Path, tmp_path: Path) -> None:
    write_review(usual_path(video), review(5))
    link = tmp_path / "link.review.json"
    link.symlink_to(usual_path(video))
    by_link = ReviewStore(FoundReview(video, "abc", opened=read_review(link)))
    by_link.claim()
    other = ReviewStore(look_up(video, "abc"))
    with pytest.raises(ReviewError, match="another window"):
        other.claim()
    by_link.write(review(6))
    by_link.close()
    assert link.is_symlink()
    assert read_review(usual_path(video)).review.recordings[0].playhead == 6


def test_locks_are_not_left_behind(video: Path) -> None:
    store = ReviewStore(look_up(video, "abc"))
    store.write(review(5))
    store.close()
    assert [each.name for each in video.parent.iterdir()] == [usual_path(video).name]


@pytest.mark.skipif(sys.platform == "win32", reason="an open file can't be removed there")
def test_of_many_processes_that_take_and_leave_a_lock_one_has_it_at_a_time(video: Path) -> None:
    code = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from engine.common.errors import ReviewError\n"
        "from engine.review.locking import ReviewLock\n"
        "path = Path(sys.argv[1]); had = 0; until = time.monotonic() + 2\n"
        "while time.monotonic() < until:\n"
        "    lock = ReviewLock(path)\n"
        "    try:\n"
        "        lock.acquire()\n"
        "    except ReviewError:\n"
        "        continue\n"
        "    os.close(os.open(f'{path}.mine', os.O_CREAT | os.O_EXCL))\n"
        "    os.unlink(f'{path}.mine'); had += 1\n"
        "    lock.release()\n"
        "print(had)\n"
    )
    command = [sys.executable, "-c", code, str(usual_path(video))]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    times = [int(each.communicate(timeout=60)[0]) for each in processes]
    assert [each.returncode for each in processes] == [0] * 4
    assert sum(times) > 0
    assert list(video.parent.iterdir()) == []


@pytest.mark.parametrize("length", [200, 220, 235, 240, 251])
def test_the_review_of_a_recording_with_a_long_name_is_kept_beside_it(length: int, video: Path) -> None:
    video = video.with_name("x" * (length - 4) + ".mp4")
    for playhead in (1, 2, 3):
        store = ReviewStore(look_up(video, "abcdef0123456789"))
        recording_there = replace(recording(playhead=playhead), fingerprint="abcdef0123456789", path=str(video))
        store.write(Review(recordings=(recording_there,)))
        store.write(Review(recordings=(recording_there,)))
        store.close()
    assert store.path
    assert store.path.parent == video.parent
    found = look_up(video, "abcdef0123456789").opened
    assert found
    assert found.review.recordings[0].playhead == 3


def test_what_another_machine_wrote_meanwhile_is_not_written_over(video: Path) -> None:
    """Not all shares tell other machines of locks."""
    store = ReviewStore(look_up(video, "abc"))
    store.write(review())
    theirs = replace(review(7), saved="2999-01-01T00:00:00+00:00")
    usual_path(video).write_bytes(to_bytes(theirs))
    with pytest.raises(ChangedReviewError):
        store.write(review())
    with pytest.raises(ChangedReviewError):
        store.write(review())
    assert read_review(usual_path(video)).review == theirs
    store.close()


@pytest.mark.parametrize("change", ["touched", "removed", "damaged"])
def test_a_review_that_nobody_else_wrote_goes_on_in_its_file(video: Path, change: str) -> None:
    store = ReviewStore(look_up(video, "abc"))
    store.write(review())
    path = usual_path(video)
    if change == "touched":
        os.utime(path, (1, 1))
    elif change == "removed":
        path.unlink()
    else:
        path.write_text("{")
    store.write(review(8))
    assert read_review(path).review.recordings[0].playhead == 8
    store.close()


def _remove_review(video: Path) -> None:
    """With its backups and its lock, as somebody does who begins anew."""
    for each in video.parent.glob("*street.mp4.review.json*"):
        each.unlink()
    for each in video.parent.glob(".street.mp4.review.json*"):
        each.unlink()


def test_a_review_that_was_removed_while_it_is_open_is_written_and_locked_again(video: Path) -> None:
    store, other = ReviewStore(look_up(video, "abc")), ReviewStore(look_up(video, "abc"))
    store.write(review(5))
    _remove_review(video)
    store.write(review(6))
    assert read_review(usual_path(video)).review.recordings[0].playhead == 6
    with pytest.raises(ReviewError, match="open in another window"):
        other.write(review(7))
    store.close()
    assert [each.name for each in video.parent.iterdir()] == [usual_path(video).name]


def test_whose_lock_was_removed_and_is_another_window_s_now_does_not_write(video: Path) -> None:
    store, other = ReviewStore(look_up(video, "abc")), ReviewStore(look_up(video, "abc"))
    store.write(review(5))
    _remove_review(video)
    other.write(review(7))
    with pytest.raises(ReviewError, match="open in another window"):
        store.write(review(6))
    store.close()
    third = ReviewStore(look_up(video, "abc"))
    with pytest.raises(ReviewError, match="open in another window"):
        third.claim()
    other.close()
    assert read_review(usual_path(video)).review.recordings[0].playhead == 7


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_the_review_of_a_recording_whose_name_is_no_text_is_kept(video: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(video.parent) + b"/gate\xe9.mp4"))
    confirmed = JudgedSegment(start=3, stop=5, verdict=Verdict.CONFIRMED, note="Tür \U0001f6b2")
    judged = Review(recordings=(recording(path=str(odd), segments=(confirmed,)),))
    store = ReviewStore(look_up(odd, "abc"))
    store.write(judged)
    store.write(judged)
    store.close()
    opened = look_up(odd, "abc").opened
    assert opened is not None
    assert opened.path == usual_path(odd)
    assert opened.review.recordings[0].segments == (confirmed,)
    assert opened.review.recordings[0].relative_path == odd.name


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes")
@pytest.mark.timeout(20)
def test_pipes_in_the_places_of_reviews_are_not_waited_for(video: Path) -> None:
    os.mkfifo(video.with_name("another.review.json"))  # each beside a recording without a review is looked into
    found = look_up(video, "abc")
    assert (found.opened, found.refusal) == (None, None)
    os.mkfifo(usual_path(video))
    refused = look_up(video, "abc").refusal
    assert refused is not None
    assert "pipe" in refused.advice


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes")
@pytest.mark.timeout(20)
def test_a_pipe_in_the_place_of_the_holder_s_name_is_not_waited_for(video: Path) -> None:
    os.mkfifo(video.with_name(f".{usual_path(video).name}.lock-holder"))
    store = ReviewStore(look_up(video, "abc"))
    store.write(review())
    assert f"process {os.getpid()}" in holder(usual_path(video))
    store.close()
