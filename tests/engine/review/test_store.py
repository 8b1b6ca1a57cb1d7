"""Where a review goes, and that two windows never overwrite each other's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.common.errors import ReviewError
from engine.review.document import Review
from engine.review.files import personal_path, read_review, usual_path, write_review
from engine.review.store import FoundReview, ReviewStore, look_up
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
