"""Folders of clips with a label file beside each, such as the demo scene's `plaza.mp4` and `plaza.labels.npz`.

`python -m resources.plaza` writes such a folder, with clips of normal behaviour in its subfolder `normal`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from engine.common.errors import DatasetError
from engine.common.paths import resolved
from engine.datasets.dataset import BoolArray, Dataset, LabelledVideo
from engine.datasets.file_access import check_length, frame_count, odd_file, read_arrays, videos_in
from engine.datasets.labels import labels_of_vector, unpacked_masks
from engine.video.naming import VIDEO_SUFFIXES, visible_entries

_LABELS = ".labels.npz"


def has_labelled_clips(root: Path) -> bool:
    """Whether a folder holds label files of single clips."""
    return any(path.name[0] != "." for path in root.glob(f"*{_LABELS}"))


def normal_clips(root: Path) -> list[Path]:
    """The videos of the subfolder `normal`; empty if there is none.

    Raises:
        DatasetError: a folder of frames among them holds no pictures.
    """
    return videos_in(root / "normal") if (root / "normal").is_dir() else []


def load_labelled_clips(root: Path) -> Dataset:
    """Load the folder's labelled clips and normal clips; clips directly in it without labels are ignored.

    Raises:
        DatasetError: the clip of a label file is missing, or the labels are malformed.
        VideoError: a clip can't be opened.
    """
    with odd_file(root):
        entries = visible_entries(root)
    testing = [_clip(path, entries) for path in entries if path.name.endswith(_LABELS)]
    name = testing[0].name if len(testing) == 1 else resolved(root).name
    return Dataset(name, root, True, tuple(normal_clips(root)), tuple(testing))


def _clip(labels: Path, entries: list[Path]) -> LabelledVideo:
    name = labels.name.removesuffix(_LABELS)
    clips = [entry for entry in entries if entry.stem == name and entry.suffix.lower() in VIDEO_SUFFIXES]
    if len(clips) != 1:
        raise DatasetError(
            f"There is no clip {name} beside its labels" if not clips else f"There are {len(clips)} clips {name}",
            subject=labels,
            advice=f"Keep the clip that is labelled, like {name}.mp4, and no other of that name.",
        )
    abnormal, _ = _read(labels)
    check_length(abnormal, frame_count(clips[0]), clips[0], labels)
    return LabelledVideo(name, clips[0], abnormal, partial(_read_masks, labels))


def _read_masks(path: Path) -> BoolArray:
    return _read(path)[1]


def _read(path: Path) -> tuple[BoolArray, BoolArray]:
    """Read a label file: frame labels [N] and pixel masks [N, H, W]."""
    stored = read_arrays(path)
    missing = {"frames", "masks_packed", "width_px"} - stored.keys()
    with odd_file(path, "Write it again: python -m resources.plaza --out FOLDER."):
        if missing:
            raise ValueError(f"it has no {', '.join(sorted(missing))}")
        frames = labels_of_vector(stored["frames"])
        masks = unpacked_masks(stored["masks_packed"], int(stored["width_px"]))
        if len(masks) != len(frames):
            raise ValueError(f"{len(masks)} masks and {len(frames)} frame labels")
        return frames, masks
