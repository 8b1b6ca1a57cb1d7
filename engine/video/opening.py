"""Opens a video file or a folder of pictures."""

from __future__ import annotations

import stat
from pathlib import Path

from engine.common.errors import VideoError
from engine.common.events import ShouldStop, never_stop
from engine.common.language import tr
from engine.common.remote_path import as_path
from engine.video.decoder_calls import call_noted
from engine.video.helper.source import HelperSource
from engine.video.indexing import OnProgress
from engine.video.picture_folder import PictureFolderSource
from engine.video.pyav_source import PyAvSource
from engine.video.source import CACHE_BYTES, VideoSource
from engine.video.trust import UntrustedFileError


def open_video(
    path: Path | str,
    should_stop: ShouldStop = never_stop,
    on_progress: OnProgress | None = None,
    *,
    cache_bytes: int = CACHE_BYTES,
) -> VideoSource:
    """The source of a video file, which may be named by a URL, or of a folder of numbered pictures.

    Decoded frames are cached in up to `cache_bytes`. Some files must be decoded once to count their frames;
    `on_progress` is then called with the fraction done, 0 to 1.

    Raises:
        VideoError: there is no such file, or it can't be read as a video.
        Cancelled: `should_stop` said yes.
    """
    path = as_path(path)
    try:
        with call_noted(path):
            mode = path.stat().st_mode
    except FileNotFoundError as error:
        advice = tr("Check the name; it may have been moved.")
        raise VideoError(tr("There is no such file"), subject=path, advice=advice) from error
    except OSError as error:
        advice = tr("Check the name and the permissions of its folder ({reason}).").format(reason=error.strerror)
        raise VideoError(tr("The file can't be reached"), subject=path, advice=advice) from error
    if stat.S_ISDIR(mode):
        return PictureFolderSource(path, cache_bytes=cache_bytes)
    if not stat.S_ISREG(mode):
        # Reading a pipe or a device may wait, or go on, forever.
        advice = tr("Record it into a file first, and open that.")
        raise VideoError(tr("Pipes and devices can't be opened as a video"), subject=path, advice=advice)
    try:
        return PyAvSource(path, should_stop=should_stop, on_progress=on_progress, cache_bytes=cache_bytes)
    except UntrustedFileError:
        return HelperSource(path, should_stop=should_stop, on_progress=on_progress, cache_bytes=cache_bytes)
