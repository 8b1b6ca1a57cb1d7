"""The manifests of a BagIt folder: made, and compared with what is there."""

from __future__ import annotations

import hashlib
import logging
import os
import unicodedata
from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

import bagit

from engine.common.errors import ExportError, VideoError
from engine.common.events import Progress, ShouldStop, never_stop
from engine.common.hashing import sha256_of
from engine.common.language import tr
from engine.common.names import displayable

ALGORITHM = "sha256"
MANIFEST, TAG_MANIFEST = f"manifest-{ALGORITHM}.txt", f"tagmanifest-{ALGORITHM}.txt"
BAGIT_TXT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

bagit.LOGGER.setLevel(logging.CRITICAL)  # what it logs it also raises


@dataclass(frozen=True)
class Verification:
    """What has become of a package; paths are those in it."""

    checksum: str
    """SHA-256 of the list of its lists: who noted it elsewhere knows that this is the same package."""
    files: int
    """How many are listed."""
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all is as it was when the package was made."""
        return not (self.changed or self.missing or self.extra)


def write_manifest(folder: Path, should_stop: ShouldStop = never_stop) -> Generator[Progress, None, dict[str, str]]:
    """Write the list of the payload's checksums; returns them by path, as read back from the disk.

    Raises:
        OSError: the list can't be written.
        Cancelled: `should_stop` said yes.
    """
    hashes = {}
    for path in sorted(each for each in (folder / "data").rglob("*") if each.is_file()):
        name = path.relative_to(folder).as_posix()
        hashes[name] = yield from sha256_of(path, should_stop)
    _write(folder / MANIFEST, "".join(f"{digest}  {name}\n" for name, digest in hashes.items()))
    return hashes


def write_tags(folder: Path, info: Mapping[str, str]) -> None:
    """Write what is said of a package, and the list of its lists; nothing of it may be written after that.

    `bagit` does so from within the folder: it changes where the whole program works, and other threads work, too.

    Raises:
        OSError: a file can't be written.
    """
    lines = "".join(f"{name}: {text}\n" for name, text in info.items())
    _write(folder / "bag-info.txt", lines)
    tags = sorted(each for each in folder.iterdir() if each.is_file())
    hashes = {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in tags}
    _write(folder / TAG_MANIFEST, "".join(f"{digest}  {name}\n" for name, digest in hashes.items()))


def verify_package(
    folder: Path, should_stop: ShouldStop = never_stop, *, beside: Collection[str] = ()
) -> Generator[Progress, None, Verification]:
    """Compare all files of a package with its lists; files named `beside` them are not listed and not extra.

    Raises:
        ExportError: it is no package, or its lists can't be read.
        Cancelled: `should_stop` said yes.
    """
    listed = _listed(folder)
    here = {_key(each.relative_to(folder).as_posix()): each for each in folder.rglob("*") if not _is_folder(each)}
    changed = []
    for name in sorted(listed.keys() & here.keys()):
        unchanged = yield from _is_unchanged(here[name], listed[name], should_stop)
        if not unchanged:
            changed.append(name)
    extra = here.keys() - listed.keys() - {TAG_MANIFEST, *beside}
    return Verification(
        checksum=package_checksum(folder),
        files=len(listed),
        changed=tuple(changed),
        missing=tuple(sorted(listed.keys() - here.keys())),
        extra=tuple(displayable(name) for name in sorted(extra)),
    )


def _is_unchanged(path: Path, sha256: str, should_stop: ShouldStop) -> Generator[Progress, None, bool]:
    # What a link points to may change without the package; reading a pipe or a device may never end.
    if path.is_symlink() or not path.is_file():
        return False
    try:
        digest = yield from sha256_of(path, should_stop)
    except VideoError:
        return False
    return digest == sha256


def package_checksum(folder: Path) -> str:
    """SHA-256 of the list of a package's lists, and so of all of it."""
    return hashlib.sha256((folder / TAG_MANIFEST).read_bytes()).hexdigest()


def _listed(folder: Path) -> dict[str, str]:
    """Checksums by path, of the payload and of the lists themselves."""
    for needed in (folder / "bagit.txt", folder / TAG_MANIFEST):
        if not needed.is_file():
            raise ExportError(
                tr("This is no evidence package: it has no {file}").format(file=needed.name),
                subject=folder,
                advice=tr("Choose the folder that `vad package` made."),
            )
    try:
        entries: dict[str, dict[str, str]] = bagit.Bag(str(folder)).entries
        return {_key(Path(name).as_posix()): digests[ALGORITHM] for name, digests in entries.items()}
    except (bagit.BagError, KeyError, ValueError, OSError) as error:
        raise ExportError(
            tr("The package is NOT whole: its lists are damaged, or a file in it leads out of it"),
            subject=folder,
            advice=tr("Take another copy of the package ({error}).").format(error=error),
        ) from error


def _write(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _key(name: str) -> str:
    """A name whose accents are written one way: some file systems write them another."""
    return unicodedata.normalize("NFC", name)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
