"""SHA-256 of whole files, of any length."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from pathlib import Path

from engine.common.errors import Cancelled, VideoError
from engine.common.events import Progress, ShouldStop, never_stop
from engine.common.language import tr

PHASE = "Hashing"
_BLOCK_BYTES = 8 << 20


def sha256_of(path: Path, should_stop: ShouldStop = never_stop) -> Generator[Progress, None, str]:
    """The SHA-256 of a file in hex, with Progress in MiB.

    Raises:
        VideoError: it can't be read.
        Cancelled: `should_stop` said yes.
    """
    digest = hashlib.sha256()
    done = 0
    try:
        total = path.stat().st_size
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                if should_stop():
                    raise Cancelled
                digest.update(block)
                done += len(block)
                yield Progress(PHASE, done >> 20, max(total, done) >> 20)
    except OSError as error:
        raise VideoError(tr("The file can't be read"), subject=path, advice=f"{error.strerror}.") from error
    return digest.hexdigest()
