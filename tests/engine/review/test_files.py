"""The review's file: read back as written, whole, backed up, found again, locked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.common.errors import ReviewError
from engine.redaction.regions import Keyframe, RedactedRegion, Redaction, RedactionMethod
from engine.review import files
from engine.review.document import (
    DetectorUsed,
    JudgedSegment,
    NewerReviewError,
    Recording,
    Review,
    Span,
    Step,
    Threshold,
    ThresholdChange,
    Verdict,
    from_bytes,
    to_bytes,
)
from engine.review.edits import Editor
from engine.review.history import redone, undone, with_step
from engine.review.locking import ReviewLock
from engine.scoring.zones import Zone, ZoneKind
from engine.video.fingerprint import file_fingerprint
from tests.engine.review.making import recording


def reviewed(note: str = "a bicycle") -> Recording:
    judged = JudgedSegment(
        start=3,
        stop=9,
        verdict=Verdict.DISMISSED,
        reason="animal",
        bookmark=True,
        note=note,
        covers=Span(2, 9),
        is_drawn=True,
        who="ada",
        when="2026-01-02T03:04:05+00:00",
    )
    change = ThresholdChange("paper", None, Threshold(0.6, 2.5))
    return recording(
        detector=DetectorUsed("plaza", "f00d"),
        score="paper",
        thresholds={"paper": Threshold(0.6, 2.5)},
        playhead=7,
        segments=(judged,),
        history=(Step(name="Dismiss", added=(judged,), who="ada"), Step(name="Threshold", threshold=change)),
        done=2,
    )


def review(note: str = "a bicycle") -> Review:
    return Review(recordings=(reviewed(note), recording(fingerprint="def")), saved=f"2026-01-01T00:00:00 {note}")


def test_a_review_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "street.mp4.review.json"
    files.write_review(path, review())
    assert files.read_review(path) == files.OpenedReview(path, review())
    text = json.loads(path.read_text())
    assert (text["format"], text["version"]) == ("vadgui-review", 2)


def test_unknown_fields_are_ignored_and_missing_optional_ones_have_defaults() -> None:
    text = json.loads(to_bytes(review()))
    text["review"]["recordings"][0]["weather"] = [1, 2]
    for name in ("playhead", "history", "done"):
        del text["review"]["recordings"][1][name]
    assert from_bytes(json.dumps(text).encode()) == review()


ZONE = Zone.rectangle(ZoneKind.IGNORED, (0.1, 0.2), (0.5, 0.9), "clock")


def test_zones_come_back_and_are_changed_by_steps_that_can_be_undone() -> None:
    before = review().recordings[0]
    after = with_step(before, Editor(before, ()).set_zones("Draw ignored zone", (ZONE,)))
    assert after.zones == (ZONE,)
    read = from_bytes(to_bytes(Review(recordings=(after,)))).recordings[0]
    assert read == after
    assert undone(read).zones == ()
    assert redone(undone(read)) == read


REDACTION = Redaction(
    (RedactedRegion(RedactionMethod.FILL, (Keyframe(3, ZONE.points), Keyframe(9, ZONE.points)), start=2),), True
)


def test_redaction_comes_back_and_is_changed_by_steps_that_can_be_undone() -> None:
    before = recording()
    after = with_step(before, Editor(before, ()).set_redaction("Redact region", REDACTION))
    (read,) = from_bytes(to_bytes(Review(recordings=(after,)))).recordings
    assert read == after
    assert read.redaction == REDACTION
    assert not undone(read).redaction
    assert redone(undone(read)) == after
    assert not after.is_untouched
    with pytest.raises(ReviewError, match="do not have the same"):
        Editor(before, ()).set_redaction("", Redaction((RedactedRegion(RedactionMethod.FILL, (Keyframe(0, ()),)),)))


def test_redaction_that_makes_no_sense_is_damage() -> None:
    text = to_bytes(Review(recordings=(recording(redaction=REDACTION),)))
    with pytest.raises(ValueError, match="do not ascend"):
        from_bytes(text.replace(b'"frame": 9', b'"frame": 1'))


def test_a_review_without_redaction_of_an_earlier_version_opens() -> None:
    text = json.loads(to_bytes(review()))
    text["version"] = 1
    for each in text["review"]["recordings"]:
        del each["redaction"]
    assert from_bytes(json.dumps(text).encode()) == review()


def test_zones_that_make_no_sense_are_damage() -> None:
    text = to_bytes(Review(recordings=(replace(review().recordings[0], zones=(ZONE,)),)))
    with pytest.raises(ValueError, match="beyond the picture"):
        from_bytes(text.replace(b"0.1", b"1.1"))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
@pytest.mark.parametrize("key", ["enter", "false_alarms_an_hour"])
def test_a_threshold_that_is_no_number_is_damage(key: str, number: str) -> None:
    chosen = Threshold(0.75, 0.25)
    kept = recording(thresholds={"paper": chosen})
    step = Step(name="Threshold to 0.75", threshold=ThresholdChange("paper", None, chosen))
    stepped = recording(history=(step,), done=1)
    value = f'"{key}": {getattr(chosen, key)}'.encode()
    for each in (kept, stepped):
        text = to_bytes(Review(recordings=(each,)))
        assert value in text
        with pytest.raises(ValueError, match="no threshold"):
            from_bytes(text.replace(value, f'"{key}": {number}'.encode()))


def test_a_newer_version_says_so_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.review.json"
    files.write_review(path, review("old"))
    files.write_review(path, review("new"))
    newer = path.read_bytes().replace(b'"version": 2', b'"version": 3')
    path.write_bytes(newer)
    with pytest.raises(NewerReviewError, match="newer version") as refused:
        files.read_review(path)
    assert str(path) in str(refused.value)
    with pytest.raises(NewerReviewError):
        files.write_review(path, review())
    assert path.read_bytes() == newer


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda _: b"",
        lambda text: b"\0" * len(text),
        lambda text: text.replace(b'"start": 3', b'"start": 300', 1),
        lambda text: text.replace(b"vadgui-review", b"vadgui-segments"),
    ],
    ids=["cut", "empty", "zeros", "impossible", "other"],
)
def test_a_damaged_file_opens_from_its_backup_and_is_kept(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "a.review.json"
    files.write_review(path, review("old"))
    files.write_review(path, review("new"))
    damaged = damage(path.read_bytes())  # type: ignore[operator]
    path.write_bytes(damaged)
    opened = files.read_review(path)
    assert opened.review == review("old")
    assert "damaged" in opened.notice
    assert "backup" in opened.notice
    files.write_review(path, opened.review)
    assert files.read_review(path) == files.OpenedReview(path, review("old"))
    assert [each.read_bytes() for each in tmp_path.glob("*.damaged-*")] == [damaged]


def test_without_any_sound_file_it_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.review.json"
    path.write_bytes(b"{")
    with pytest.raises(ReviewError, match="damaged"):
        files.read_review(path)


def test_backups_reach_further_back_than_the_last_save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.review.json"
    for number in range(40):
        clock = 1_000_000 + 20 * number
        monkeypatch.setattr(files.time, "time", lambda clock=clock: float(clock))
        files.write_review(path, review(str(number)))
        os.utime(path, (clock, clock))
    notes = [files._read(files.backup_path(path, n)).recordings[0].segments[0].note for n in (1, 2, 3)]
    assert notes[0] == "38"
    assert 30 < int(notes[1]) < 38
    assert int(notes[2]) == 0


def test_backups_are_made_on_when_the_clock_is_set_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.review.json"
    for number in range(40):
        clock = 1_000_000 + 20 * number - (86_400 if number >= 20 else 0)
        monkeypatch.setattr(files.time, "time", lambda clock=clock: float(clock))
        files.write_review(path, review(str(number)))
        os.utime(path, (clock, clock))
    notes = [files._read(files.backup_path(path, n)).recordings[0].segments[0].note for n in (1, 2)]
    assert notes[0] == "38"
    assert 30 < int(notes[1]) < 38


def test_a_review_is_found_beside_its_recording_or_among_the_persons_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VADGUI_REVIEWS", str(tmp_path / "mine"))
    video = tmp_path / "street.mp4"
    assert files.find_review(video, "abc") == (None, "")
    (tmp_path / "mine").mkdir()
    files.write_review(files.personal_path(video, "abc"), replace(review(), saved="1"))
    found, _ = files.find_review(video, "abc")
    assert found is not None
    assert found.path.parent == tmp_path / "mine"
    files.write_review(files.usual_path(video), replace(review(), saved="2"))
    found, _ = files.find_review(video, "abc")
    assert found is not None
    assert found.path == tmp_path / "street.mp4.review.json"


def test_the_review_of_another_recording_of_this_name_is_left_alone(tmp_path: Path) -> None:
    video = tmp_path / "street.mp4"
    files.write_review(files.usual_path(video), review())
    found, notice = files.find_review(video, "another")
    assert found is None
    assert "street.mp4.review.json is the review of another recording" in notice
    files.write_review(files.own_path(video, "another"), Review(recordings=(recording(fingerprint="another"),)))
    found, _ = files.find_review(video, "another")
    assert found is not None


def test_a_recording_that_was_moved_or_renamed_is_found_by_its_content(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "videos").mkdir(parents=True)
    video = old / "videos" / "street.mp4"
    video.write_bytes(b"moving pictures")
    path = old / "all.review.json"
    kept = files.placed(recording(fingerprint=file_fingerprint(video)), video, path)
    assert files.located(kept, path) == old / "videos" / "street.mp4"
    old.rename(new)
    assert files.located(kept, new / "all.review.json") == new / "videos" / "street.mp4"
    (new / "videos" / "street.mp4").rename(new / "renamed.mp4")
    assert files.located(kept, new / "all.review.json") == new / "renamed.mp4"
    (new / "videos" / "street.mp4").write_bytes(b"a recorder gives names again")
    assert files.located(kept, new / "all.review.json") == new / "renamed.mp4"
    (new / "renamed.mp4").write_bytes(b"other pictures")
    assert files.located(kept, new / "all.review.json") == new / "videos" / "street.mp4"
    (new / "videos" / "street.mp4").unlink()
    assert files.located(kept, new / "all.review.json") is None


def test_a_renamed_recording_finds_its_review_and_a_copy_does_not_take_it(tmp_path: Path) -> None:
    video = tmp_path / "street.mp4"
    video.write_bytes(b"pictures")
    fingerprint = file_fingerprint(video)
    kept = replace(reviewed(), path=str(video), relative_path="street.mp4", fingerprint=fingerprint)
    files.write_review(files.usual_path(video), Review(recordings=(kept,)))
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(b"pictures")
    assert files.find_review(copy, fingerprint) == (None, "")
    renamed = video.rename(tmp_path / "12 May, street.mp4")
    opened, notice = files.find_review(renamed, fingerprint)
    assert opened is not None
    assert (opened.path, opened.review.recording_of(fingerprint)) == (files.usual_path(video), kept)
    assert notice == ""
    # Saved from there, it knows the new name.
    files.write_review(files.usual_path(video), Review(recordings=(replace(kept, path=str(renamed)),)))
    again, _ = files.find_review(renamed, fingerprint)
    assert again is not None
    assert again.path == files.usual_path(video)
    assert files.find_review(copy, fingerprint) == (None, "")


def test_recordings_that_took_each_others_names_find_their_reviews(tmp_path: Path) -> None:
    videos = [tmp_path / "1.mp4", tmp_path / "2.mp4"]
    for number, video in enumerate(videos):
        video.write_bytes(b"one" if number else b"other")
        judged = recording(path=str(video), fingerprint=file_fingerprint(video), playhead=number)
        files.write_review(files.usual_path(video), Review(recordings=(judged,)))
    aside = videos[0].rename(tmp_path / "aside")
    videos[1].rename(videos[0])
    aside.rename(videos[1])
    for number, video in enumerate(videos):
        opened, _ = files.find_review(video, file_fingerprint(video))
        assert opened is not None
        assert opened.path == files.usual_path(videos[1 - number])
        assert opened.review.recordings[0].playhead == 1 - number


def test_a_second_process_is_told_who_has_the_review(tmp_path: Path) -> None:
    path = tmp_path / "a.review.json"
    code = textwrap.dedent(
        f"""
        from pathlib import Path
        from engine.review.locking import ReviewLock
        lock = ReviewLock(Path({str(path)!r}))
        lock.acquire()
        print("held", flush=True)
        input()
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        mine = ReviewLock(path)
        with pytest.raises(ReviewError, match=f"process {other.pid}"):
            mine.acquire()
        other.kill()
    mine.acquire()
    mine.release()
