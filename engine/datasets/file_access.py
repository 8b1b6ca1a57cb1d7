"""Reads the files of a dataset; a missing or malformed file raises a DatasetError that names it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence, Sized
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from engine.common.errors import DatasetError
from engine.datasets.mat_check import check_mat
from engine.video import open_video
from engine.video.naming import VIDEO_SUFFIXES, picture_count, visible_entries

_COPY_AGAIN = "Copy or download it again: it may be damaged or cut short."


@contextmanager
def odd_file(path: Path, advice: str = _COPY_AGAIN) -> Iterator[None]:
    """Turn a ValueError of the block about a malformed file into a DatasetError, and errors of reading the file too."""
    try:
        yield
    except FileNotFoundError as error:
        raise DatasetError("There is no such file", subject=path, advice="Copy it from the dataset.") from error
    except OSError as error:
        advice = f"Check the file and its permissions ({error.strerror or error})."
        raise DatasetError("The file can't be read", subject=path, advice=advice) from error
    except (EOFError, BadZipFile, zlib.error) as error:
        raise DatasetError("The file is damaged", subject=path, advice=_COPY_AGAIN) from error
    except (ValueError, UnicodeError) as error:
        raise DatasetError(f"The file is not as it should be ({error})", subject=path, advice=advice) from error


def read_mat(path: Path, variable: str) -> npt.NDArray[Any]:
    """Read one variable of a MATLAB file.

    Raises:
        DatasetError: the file is missing, damaged, of MATLAB 7.3 (HDF5), or has no such variable.
    """
    # SciPy is slow to import, and only label files need it.
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    with odd_file(path):
        data = path.read_bytes()
        check_mat(data, variable)
        stored = BytesIO(data)
    try:
        with odd_file(path):
            # SciPy raises OSError, among others, for a truncated file; read from memory, it can't mean a read error.
            try:
                content = loadmat(stored, variable_names=[variable])
            except (OSError, TypeError, KeyError, IndexError, UnboundLocalError, MatReadError) as error:
                raise ValueError(f"it is no complete MATLAB file: {error}") from error
    except NotImplementedError as error:
        advice = f"Open it in MATLAB and write it anew: load('{path.name}'); save('{path.name}', '-v7')."
        raise DatasetError("MATLAB 7.3 files (HDF5) can't be read", subject=path, advice=advice) from error
    if variable not in content:
        raise DatasetError(
            f"The file holds no variable {variable!r}", subject=path, advice="Use the label file of this dataset."
        )
    return np.asarray(content[variable])


def read_array(path: Path) -> npt.NDArray[Any]:
    """Open a `.npy` array as a memory map.

    Raises:
        DatasetError: the file is missing or damaged.
    """
    with odd_file(path):
        return np.asarray(np.load(path, allow_pickle=False, mmap_mode="r"))


def read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read all arrays of an `.npz` file.

    Raises:
        DatasetError: the file is missing or damaged.
    """
    with odd_file(path):
        try:
            with np.load(path, allow_pickle=False) as stored:
                if isinstance(stored, np.ndarray):
                    raise ValueError("it holds one array without a name")
                return {name: stored[name] for name in stored.files}
        except (NotImplementedError, RuntimeError, MemoryError) as error:
            # What zipfile says of flipped bits: another way of compressing, a password, any size.
            raise BadZipFile(str(error)) from error


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        DatasetError: the file is missing, or is not a JSON object.
    """
    with odd_file(path, "Mend it in a text editor, or copy it again."):
        content = json.loads(path.read_text("utf-8"))
        if not isinstance(content, dict):
            raise ValueError("it must be an object with names")
        return content


def videos_in(folder: Path, skip: Sequence[str] = ()) -> list[Path]:
    """Video files and picture folders directly in a folder, in natural order, except folders with a suffix of `skip`.

    Raises:
        DatasetError: a folder among them holds no pictures, or can't be read.
    """
    videos = []
    with odd_file(folder):
        for entry in visible_entries(folder):
            if entry.is_dir() and not entry.name.endswith(tuple(skip)):
                if not picture_count(entry):
                    raise DatasetError(
                        "There are no pictures in this folder",
                        subject=entry,
                        advice="Copy the frames of this video again, or take the folder out.",
                    )
                videos.append(entry)
            elif entry.suffix.lower() in VIDEO_SUFFIXES:
                videos.append(entry)
    by_name: dict[str, Path] = {}
    for video in videos:
        other = by_name.setdefault(name_of(video), video)
        if other is not video:
            raise DatasetError(
                f"Two videos are called {name_of(video)}: {other.name} and {video.name}",
                subject=folder,
                advice="Keep one of them there: the file, or the folder of its frames.",
            )
    return videos


def name_of(video: Path) -> str:
    """Name of a video in a dataset: the file name without its suffix, or the folder's name."""
    return video.name if video.is_dir() else video.stem


def frame_count(video: Path) -> int:
    """Number of frames of a video file, or of pictures in a folder.

    Raises:
        VideoError: the file can't be opened.
    """
    if video.is_dir():
        return picture_count(video)
    with closing(open_video(video)) as source:
        return len(source)


def check_length(labels: Sized, frames: int, video: Path, labels_file: Path) -> None:
    """Check that there is a label or mask for each frame.

    Raises:
        DatasetError: the lengths differ.
    """
    if len(labels) != frames:
        raise DatasetError(
            f"{labels_file.name} is for {len(labels):,} frames, but the video has {frames:,}",
            subject=video,
            advice=f"One of the two is not whole, or not of this dataset: copy the video and {labels_file} again.",
        )
