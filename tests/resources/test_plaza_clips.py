"""Clips and labels on disk, including the bundled ones."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner

import resources
from engine.common.errors import DatasetError
from resources.plaza.__main__ import main
from resources.plaza.camera import FPS
from resources.plaza.clips import demo_scene, write_clip, write_normal
from resources.plaza.labels import Labels, PlazaEvent, load_labels, save_labels
from resources.plaza.scene import ANOMALY_KINDS, PlannedAnomaly, Scene, SceneFrame


@pytest.fixture(scope="module")
def bundled() -> Labels:
    return load_labels(resources.demo_labels())


def _decode(path: Path, stop: int | None = None) -> list[np.ndarray]:
    with av.open(path) as container:
        return [frame.to_ndarray(format="rgb24") for frame in islice(container.decode(video=0), stop)]


@pytest.mark.slow
def test_the_bundled_labels_agree_with_their_events(bundled: Labels) -> None:
    labelled = np.zeros(len(bundled.frames), np.bool_)
    for event in bundled.events:
        assert not labelled[event.start : event.stop].any()
        labelled[event.start : event.stop] = True
    assert np.array_equal(labelled, bundled.frames)


@pytest.mark.slow
def test_the_bundled_clip_is_what_a_demo_needs(bundled: Labels) -> None:
    assert {event.kind for event in bundled.events} == set(ANOMALY_KINDS)
    assert 60 * FPS <= len(bundled.frames) <= 70 * FPS
    assert bundled.events[0].start >= 6 * FPS
    assert 0.2 < bundled.frames.mean() < 0.35
    gaps = [later.start - earlier.stop for earlier, later in pairwise(bundled.events)]
    assert min(gaps) >= 2 * FPS
    assert resources.demo_video().stat().st_size < 5e6
    assert resources.demo_labels().stat().st_size < 3e5


@pytest.mark.slow
def test_the_bundled_clip_is_its_scene_up_to_coding_loss(bundled: Labels) -> None:
    scene = demo_scene()
    assert scene.seed == bundled.seed
    with av.open(resources.demo_video()) as container:
        assert container.streams.video[0].frames == len(bundled.frames) == len(scene)
    decoded = _decode(resources.demo_video(), 250)
    for index in (0, 25, 215, 249):
        (drawn,) = scene.frames(index, index + 1)
        error = np.mean((decoded[index].astype(float) - drawn.pixels) ** 2)
        assert 10 * np.log10(255**2 / error) > 30
        assert np.array_equal(drawn.anomaly_mask, bundled.masks[index])


def test_labels_survive_the_disk(tmp_path: Path) -> None:
    masks = np.random.default_rng(0).random((5, 7, 13)) < 0.3
    masks[2] = False
    labels = Labels(seed=9, masks=masks, events=(PlazaEvent("cart", 0, 2), PlazaEvent("fall", 3, 5)))
    path = tmp_path / "some.labels.npz"
    with path.open("wb") as file:
        save_labels(labels, file)
    again = load_labels(path)
    assert np.array_equal(again.masks, masks)
    assert again.frames.tolist() == [True, True, False, True, True]
    assert (again.seed, again.events) == (9, labels.events)


def test_clips_without_anomalies_have_labels_too(tmp_path: Path) -> None:
    path = tmp_path / "none.labels.npz"
    with path.open("wb") as file:
        save_labels(Labels(1, np.zeros((2, 4, 8), np.bool_), ()), file)
    assert load_labels(path).events == ()


@pytest.mark.parametrize("content", [None, b"", b"no archive", b"PK\x03\x04 cut off"])
def test_unreadable_labels_are_an_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "broken.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        load_labels(path)
    assert caught.value.subject == str(path)
    assert caught.value.advice


def test_other_npz_files_are_no_labels(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", numbers=np.arange(3))
    with pytest.raises(DatasetError):
        load_labels(tmp_path / "other.npz")


@pytest.mark.slow
def test_a_written_clip_has_its_scenes_frames_and_labels(tmp_path: Path) -> None:
    scene = Scene(3, 1.2, [PlannedAnomaly("cyclist", -1.0)])
    path = tmp_path / "new folder" / "clip.mp4"
    labels = write_clip(scene, path)
    decoded = _decode(path)
    assert len(decoded) == len(scene) == len(labels.frames) == 30
    drawn = list(scene)
    assert np.array_equal(labels.masks, np.stack([frame.anomaly_mask for frame in drawn]))
    (event,) = labels.events
    assert (event.kind, event.start, event.stop) == ("cyclist", 0, 30)
    assert np.abs(decoded[7].astype(int) - drawn[7].pixels).mean() < 3


@pytest.mark.slow
def test_a_failed_clip_leaves_the_older_file(tmp_path: Path) -> None:
    class FailingScene(Scene):
        def frames(self, start: int = 0, stop: int | None = None) -> Iterator[SceneFrame]:
            yield from islice(super().frames(start, stop), 3)
            raise RuntimeError("torn")

    path = tmp_path / "clip.mp4"
    path.write_bytes(b"the older clip")
    with pytest.raises(RuntimeError, match="torn"):
        write_clip(FailingScene(3, 1.0), path)
    assert path.read_bytes() == b"the older clip"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.slow
def test_normal_clips_are_named_after_their_seeds(tmp_path: Path) -> None:
    paths = list(write_normal(tmp_path, 2, 0.2, first_seed=40))
    assert [path.name for path in paths] == ["plaza-normal-40.mp4", "plaza-normal-41.mp4"]
    first, second = (_decode(path) for path in paths)
    assert len(first) == len(second) == 5
    assert not np.array_equal(first[0], second[0])


@pytest.mark.slow
def test_the_command_writes_training_and_held_out_clips(tmp_path: Path) -> None:
    options = ["--out", str(tmp_path), "--no-demo", "--normal", "1", "--held-out", "1", "--seconds", "0.2"]
    result = CliRunner().invoke(main, options, catch_exceptions=False)
    assert result.exit_code == 0
    written = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.mp4"))
    assert written == ["held-out/plaza-normal-9000.mp4", "normal/plaza-normal-100.mp4"]
    assert len(result.output.splitlines()) == 2
