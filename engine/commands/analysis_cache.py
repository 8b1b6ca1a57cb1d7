"""`--no-cache`: the folder of a command's analyses, persistent or temporary."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def analysis_cache(temporary: bool) -> Iterator[Path]:
    """Folder of score stores: a temporary one, or the user's cache, which is pruned afterwards."""
    from engine.analysis.analysis_files import prune
    from engine.common.paths import analyses_folder

    if temporary:
        with tempfile.TemporaryDirectory(prefix="vadgui-") as folder:
            yield Path(folder)
    else:
        try:
            yield analyses_folder()
        finally:
            prune(analyses_folder())
