"""`--no-cache`: where a command's analyses are kept, or that they are not."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def analysis_cache(temporary: bool) -> Iterator[Path]:
    """Folder of score stores: the person's cache, pruned afterwards, or a temporary one."""
    from engine.analysis.score_store import prune
    from engine.common.paths import analyses_folder

    if temporary:
        with tempfile.TemporaryDirectory(prefix="vadgui-") as folder:
            yield Path(folder)
    else:
        try:
            yield analyses_folder()
        finally:
            prune(analyses_folder())
