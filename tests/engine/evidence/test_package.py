from __future__ import annotations

import errno
import hashlib
import json
import os
import urllib.parse
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import av
import bagit
import cv2
import numpy as np
import opentimelineio
import pytest

from engine.commands.progress import finished
from engine.common.errors import Cancelled, ExportError, VideoError
from engine.common.events import Finished, Progress
from engine.evidence.bag import Verification, package_checksum, verify_package
from engine.evidence.package import PackageOptions, make_package
from engine.export.clip import ExportOptions, export_clip
from engine.export.reviewed import ReviewedRecording
from engine.review.document import Verdict
from engine.video import open_video
from tests.clips import make_clip, numbered_picture, read_number
from tests.engine.export.reviews import reviewed

pytestmark = pytest.mark.slow

REVIEW = ("gate.review.json", b"{}\n")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "gate 視.mp4", 150, gop=12, b_frames=0)


def packaged(folder: Path, *recordings: ReviewedRecording, **options: object) -> Path:
    events = list(make_package(recordings, [REVIEW], folder, PackageOptions(**options)))  # type: ignore[arg-type]
    assert events[-1] == Finished(str(folder))
    assert all(isinstance(event, Progress) for event in events[:-1])
    return folder


def verified(folder: Path) -> Verification:
    return finished(verify_package(folder))


def headers(path: Path) -> list[np.ndarray]:
    """The lines above the panels, where the name stands at the left."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
    return [frame[:36, : frame.shape[1] // 2] for frame in frames]


def files_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_it_holds_the_recording_bit_for_bit_and_all_that_explains_it(tmp_path: Path, clip: Path) -> None:
    folder = packaged(tmp_path / "package", reviewed(clip))
    assert (folder / "data/originals/f1/gate 視.mp4").read_bytes() == clip.read_bytes()
    assert (folder / "data/originals/f1/gate 視.mp4").stat().st_mtime_ns == clip.stat().st_mtime_ns
    assert (folder / "data/review/gate.review.json").read_bytes() == REVIEW[1]
    assert "<h1>" in (folder / "data/report.html").read_text(encoding="utf-8")
    kinds = {name.rsplit(".", 1)[1] for name in files_of(folder / "data/tables")}
    assert kinds == {"csv", "json", "srt", "vtt", "edl", "otio"}
    assert verified(folder).is_whole
    # By the library of others, too.
    assert bagit.Bag(str(folder)).validate()


@pytest.mark.parametrize("with_recordings", [True, False])
def test_edit_lists_find_the_copy_wherever_the_package_is(tmp_path: Path, clip: Path, with_recordings: bool) -> None:
    folder = packaged(tmp_path / "package", reviewed(clip), with_recordings=with_recordings)
    (path,) = (folder / "data/tables").rglob("*.otio")
    urls = {each.media_reference.target_url for each in opentimelineio.adapters.read_from_file(str(path)).find_clips()}
    assert str(tmp_path) not in path.read_text(encoding="utf-8")
    name = urllib.parse.unquote(urls.pop())
    assert not urls
    if with_recordings:
        assert (path.parent / name).resolve() == (folder / "data/originals/f1/gate 視.mp4").resolve()
    else:
        assert name == "gate 視.mp4"


def test_it_is_made_without_leaving_the_folder_that_the_program_works_in(
    tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(_: object) -> None:
        raise AssertionError("other threads work with relative paths meanwhile")

    monkeypatch.setattr(os, "chdir", leave)
    folder = packaged(tmp_path / "package", reviewed(clip), with_recordings=False)
    assert "Contact-Name: " in (folder / "bag-info.txt").read_text(encoding="utf-8")
    assert verified(folder).is_whole


def test_working_copies_say_so_in_their_names_and_hold_the_segments(tmp_path: Path, clip: Path) -> None:
    folder = packaged(tmp_path / "package", reviewed(clip))
    clips = {path.name: path for path in (folder / "data/clips").iterdir()}
    stems = [f"gate 視.segment-{number}.working-copy" for number in (1, 4)]
    assert set(clips) == {f"{stem}.{kind}.mp4" for stem in stems for kind in ("cut", "annotated")}
    with av.open(str(clips[f"{stems[0]}.cut.mp4"])) as container:
        numbers = [read_number(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    assert numbers == list(range(24, 50))
    plain = tmp_path / "plain.mp4"
    with open_video(clip) as source:
        recording = reviewed(clip)
        list(export_clip(source, None, recording.scores, 25, 50, plain, ExportOptions(("frame",), threshold=2)))
    marked, unmarked = headers(clips[f"{stems[0]}.annotated.mp4"]), headers(plain)
    assert len(marked) == len(unmarked) == 25
    # The words "working copy" stand in each picture before the recording's name.
    assert all(np.abs(one - other).max() > 80 for one, other in zip(marked, unmarked, strict=True))


def test_a_recording_that_can_not_be_cut_is_packaged_and_that_is_noted(tmp_path: Path) -> None:
    video = make_clip(tmp_path / "gate.avi", 150, b_frames=2)
    folder = packaged(tmp_path / "package", reviewed(video))
    clips = {path.name for path in (folder / "data/clips").iterdir()}
    assert clips == {f"gate.segment-{number}.working-copy.annotated.mp4" for number in (1, 4)}
    content = json.loads((folder / "data/provenance.json").read_text(encoding="utf-8"))
    assert content["recordings"][0]["notes"] == [
        f"Segment {number} can't be cut without re-encoding, so there is no such clip of it." for number in (1, 4)
    ]
    assert verified(folder).is_whole


def test_a_recording_that_no_kind_of_copy_can_hold_is_packaged_and_that_is_noted(tmp_path: Path) -> None:
    video = tmp_path / "gate.mov"
    with av.open(str(video), "w") as file:
        stream = file.add_stream("qtrle", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "argb"
        for index in range(150):
            picture = av.VideoFrame.from_ndarray(numbered_picture(index, 96, 64), "rgb24")
            file.mux(stream.encode(picture.reformat(format="argb")))
        file.mux(stream.encode(None))
    recording = reviewed(video)
    folder = packaged(tmp_path / "package", replace(recording, info=replace(recording.info, codec="qtrle")))
    clips = {path.name for path in (folder / "data/clips").iterdir()}
    assert clips == {f"gate.segment-{number}.working-copy.annotated.mp4" for number in (1, 4)}
    content = json.loads((folder / "data/provenance.json").read_text(encoding="utf-8"))
    assert len(content["recordings"][0]["notes"]) == 2
    assert verified(folder).is_whole


def test_provenance_tells_what_made_it_from_what_and_by_whose_clock(tmp_path: Path, clip: Path) -> None:
    folder = packaged(tmp_path / "package", reviewed(clip))
    content = json.loads((folder / "data/provenance.json").read_text(encoding="utf-8"))
    (recording,) = content["recordings"]
    assert recording["files"][0]["sha256"] == hashlib.sha256(clip.read_bytes()).hexdigest()
    assert recording["files"][0]["copy"] == "data/originals/f1/gate 視.mp4"
    assert recording["detector"] == {"name": "Plaza", "fingerprint": "d1"}
    assert recording["rule"]["enter"] == 2
    assert content["program"]["name"].startswith("vadgui ")
    assert {"at", "time_zone", "by", "machine", "clock"} <= set(content["made"])
    cut, annotated = content["working_copies"][:2]
    assert (cut["first_frame"], annotated["first_frame"], cut["start_frame"]) == (24, 25, 25)
    assert all((folder / each["file"]).is_file() for each in content["working_copies"])


def test_the_hash_alone(tmp_path: Path, clip: Path) -> None:
    folder = packaged(tmp_path / "package", reviewed(clip), with_recordings=False, clips=())
    assert not (folder / "data/originals").exists()
    assert not (folder / "data/clips").exists()
    content = json.loads((folder / "data/provenance.json").read_text(encoding="utf-8"))
    (file,) = content["recordings"][0]["files"]
    assert (file["sha256"], file["copy"]) == (hashlib.sha256(clip.read_bytes()).hexdigest(), None)
    assert verified(folder).is_whole


def test_a_folder_of_pictures_is_packaged_whole(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(150):
        cv2.imwrite(str(pictures / f"{number:03}.png"), numbered_picture(number))
    with open_video(pictures) as source:
        recording = reviewed(pictures)
        recording = replace(recording, info=source.info, times=source.times)
    folder = packaged(tmp_path / "package", recording, clips=(Verdict.DISMISSED,))
    assert len([name for name in files_of(folder) if name.endswith(".png")]) == 150
    assert [name for name in files_of(folder) if name.endswith("mp4")] == [
        "data/clips/pictures.segment-2.working-copy.annotated.mp4"
    ]
    assert verified(folder).is_whole


def test_names_that_file_systems_and_lists_can_not_keep(tmp_path: Path) -> None:
    odd = make_clip(tmp_path / 'a%0Ab "c" <d>.mp4', 150)
    long = make_clip(tmp_path / f"{'視' * 82}.mp4", 150)
    folder = packaged(tmp_path / "package", reviewed(odd), reviewed(long, fingerprint="f2"))
    assert "data/originals/f1/a_0Ab _c_ _d_.mp4" in files_of(folder)
    assert verified(folder).is_whole
    assert bagit.Bag(str(folder)).validate()


def test_a_name_that_is_no_text(tmp_path: Path, clip: Path) -> None:
    odd = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    try:
        clip.rename(odd)
    except OSError:
        pytest.skip("the file system takes text alone")
    folder = packaged(tmp_path / "package", reviewed(odd), clips=())
    assert "data/originals/f1/caf_xe9.mp4" in files_of(folder)
    assert "caf\\xe9.mp4" in (folder / "data/report.html").read_text(encoding="utf-8")
    assert verified(folder).is_whole


# What has become of it


@pytest.fixture
def package(tmp_path: Path, clip: Path) -> Path:
    return packaged(tmp_path / "package", reviewed(clip), clips=())


ORIGINAL = "data/originals/f1/gate 視.mp4"


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", [ORIGINAL, "data/report.html", "data/provenance.json", "bag-info.txt", "read-me.txt"])
def test_a_flipped_bit_is_named(package: Path, name: str) -> None:
    before = verified(package)
    flip_a_bit(package / name)
    found = verified(package)
    assert (found.changed, found.missing, found.extra, found.is_whole) == ((name,), (), (), False)
    assert found.checksum == before.checksum


def test_a_changed_time_or_mode_is_no_change(package: Path) -> None:
    os.utime(package / ORIGINAL, (0, 0))
    (package / ORIGINAL).chmod(0o400)
    assert verified(package).is_whole


@pytest.mark.parametrize("name", [ORIGINAL, "read-me.txt"])
def test_a_removed_file_is_named(package: Path, name: str) -> None:
    (package / name).unlink()
    found = verified(package)
    assert (found.changed, found.missing, found.extra) == ((), (name,), ())


@pytest.mark.parametrize("name", ["data/originals/more.mp4", "added.txt", "data/new/.hidden"])
def test_an_added_file_is_named(package: Path, name: str) -> None:
    (package / name).parent.mkdir(exist_ok=True)
    (package / name).write_text("x")
    found = verified(package)
    assert (found.changed, found.missing, found.extra) == ((), (), (name,))


def test_a_renamed_file_is_missing_and_extra(package: Path) -> None:
    (package / ORIGINAL).rename(package / "data/originals/f1/other.mp4")
    found = verified(package)
    assert (found.missing, found.extra) == ((ORIGINAL,), ("data/originals/f1/other.mp4",))


def test_a_link_instead_of_a_file_is_a_change(package: Path, tmp_path: Path) -> None:
    (package / ORIGINAL).rename(tmp_path / "elsewhere.mp4")
    (package / ORIGINAL).symlink_to(tmp_path / "elsewhere.mp4")
    with pytest.raises(ExportError, match="NOT whole") as caught:
        verified(package)
    assert ORIGINAL in caught.value.advice
    # Within the package it is a change all the same.
    (package / ORIGINAL).unlink()
    (package / "data/originals/f1/copy.mp4").write_bytes((tmp_path / "elsewhere.mp4").read_bytes())
    (package / ORIGINAL).symlink_to(package / "data/originals/f1/copy.mp4")
    assert verified(package).changed == (ORIGINAL,)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.timeout(60)
def test_a_pipe_instead_of_a_file_is_a_change_and_is_not_waited_for(package: Path) -> None:
    (package / ORIGINAL).unlink()
    os.mkfifo(package / ORIGINAL)
    assert verified(package).changed == (ORIGINAL,)


def test_whoever_hides_a_change_in_all_lists_changes_the_checksum(package: Path) -> None:
    noted = package_checksum(package)
    flip_a_bit(package / ORIGINAL)
    bagit.Bag(str(package)).save(manifests=True)
    found = verified(package)
    assert found.is_whole
    assert found.checksum != noted


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"abc ../../etc/passwd\n", b"x  data/report.html\n" * 2])
def test_a_damaged_list_is_never_whole(package: Path, content: bytes) -> None:
    (package / "manifest-sha256.txt").write_bytes(content)
    with suppress(ExportError):  # it may be damaged so that nothing can be told
        assert "manifest-sha256.txt" in verified(package).changed


@pytest.mark.parametrize("gone", ["bagit.txt", "tagmanifest-sha256.txt"])
def test_what_is_no_package_is_told(package: Path, gone: str) -> None:
    (package / gone).unlink()
    with pytest.raises(ExportError, match="no evidence package"):
        verified(package)


# Failures


def test_an_existing_folder_is_left_alone(tmp_path: Path, clip: Path) -> None:
    (tmp_path / "package").mkdir()
    with pytest.raises(ExportError, match="already"):
        packaged(tmp_path / "package", reviewed(clip))
    assert not list((tmp_path / "package").iterdir())


def test_a_vanished_recording_leaves_nothing(tmp_path: Path, clip: Path) -> None:
    recording = reviewed(clip)
    clip.unlink()
    with pytest.raises(VideoError):
        packaged(tmp_path / "package", recording)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("calls", [0, 1, 5, 12])
def test_a_full_disk_leaves_nothing(tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    left = [calls]

    def fail(_: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(ExportError) as caught:
        packaged(tmp_path / "package", reviewed(clip))
    assert "full" in caught.value.advice
    assert [path.name for path in tmp_path.iterdir()] == [clip.name]


def test_a_disk_that_is_too_small_is_told_at_once(tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 1 << 20})()
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    for with_recordings in (True, False):
        with pytest.raises(ExportError, match="too small") as caught:
            packaged(tmp_path / "package", reviewed(clip), with_recordings=with_recordings)
        assert ("keep only their hashes" in caught.value.advice) == with_recordings


def test_a_folder_that_is_not_there_or_may_not_be_written(tmp_path: Path, clip: Path) -> None:
    with pytest.raises(ExportError, match="can't be written"):
        packaged(tmp_path / "missing" / "package", reviewed(clip))
    (tmp_path / "locked").mkdir(mode=0o500)
    if os.geteuid():  # root may write everywhere
        with pytest.raises(ExportError) as caught:
            packaged(tmp_path / "locked" / "package", reviewed(clip))
        assert "may not write" in caught.value.advice


def test_a_recording_that_changes_meanwhile_is_told(tmp_path: Path, clip: Path) -> None:
    work = make_package([reviewed(clip)], [REVIEW], tmp_path / "package", PackageOptions(clips=()))
    next(event for event in work if isinstance(event, Progress) and event.phase == "Drawing")
    (copy,) = tmp_path.glob(".vadgui-*.partial/data/originals/f1/*.mp4")
    flip_a_bit(copy)
    with pytest.raises(ExportError, match="not as the recording"):
        list(work)
    assert [path.name for path in tmp_path.iterdir()] == [clip.name]


def test_a_cancelled_package_leaves_nothing(tmp_path: Path, clip: Path) -> None:
    for calls in (0, 3, 30, 60):
        asked = [calls]

        def should_stop(asked: list[int] = asked) -> bool:
            asked[0] -= 1
            return asked[0] < 0

        with pytest.raises(Cancelled):
            list(make_package([reviewed(clip)], [REVIEW], tmp_path / "package", should_stop=should_stop))
        assert [path.name for path in tmp_path.iterdir()] == [clip.name]
