"""A folder that nobody may write, not even root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

NOBODY = 65534


@dataclass(frozen=True)
class ReadOnlyFolder:
    """A folder for tests of what happens without the right to write."""

    path: Path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nothing in the folder can be written in the block; root acts as nobody there, whom permissions bind."""
        is_root = os.geteuid() == 0
        self.path.chmod(0o555)
        if is_root:
            os.seteuid(NOBODY)
        try:
            yield
        finally:
            if is_root:
                os.seteuid(0)
            self.path.chmod(0o755)
