"""Signs an evidence package with a person's own ed25519 key, detached, so that openssl can check it, too."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from engine.common.errors import ExportError
from engine.common.language import tr, tr_noop
from engine.evidence.bag import TAG_MANIFEST

SIGNATURE, SIGNER = f"{TAG_MANIFEST}.sig", "signer.pem"
"""64 bytes over the list of the lists; the public key that they are checked with."""
_ADVICE = tr_noop("Give an ed25519 key in PEM or OpenSSH format; `ssh-keygen -t ed25519` makes one.")


@dataclass(frozen=True)
class Signed:
    """What a package's signature says."""

    key: str
    """The signer's key, as `ssh-keygen -l` shows it; empty where that can't be read."""
    is_valid: bool
    """Whether that key signed this package as its lists are now."""


def read_key(path: Path, ask_password: Callable[[], str]) -> Ed25519PrivateKey:
    """A person's own key; `ask_password` is called if it is locked.

    Raises:
        ExportError: it can't be read, is of another kind, or the password is wrong.
    """
    content = _content(path)
    load = serialization.load_pem_private_key
    if b"OPENSSH PRIVATE KEY" in content:
        load = serialization.load_ssh_private_key
    try:
        try:
            key = load(content, None)
        except TypeError:  # it is locked
            key = load(content, ask_password().encode())
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise ExportError(tr("The key can't be opened"), subject=path, advice=f"{error}. {tr(_ADVICE)}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ExportError(tr("The key is of another kind"), subject=path, advice=tr(_ADVICE))
    return key


def read_public_key(path: Path) -> str:
    """The name of a public key, as `ssh-keygen -l` shows it.

    Raises:
        ExportError: it can't be read or is of another kind.
    """
    content = _content(path)
    try:
        key: object
        if content.startswith(b"ssh-"):
            key = serialization.load_ssh_public_key(content)
        else:
            key = serialization.load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ExportError(tr("The public key can't be read"), subject=path, advice=tr(_ADVICE)) from error
    if not isinstance(key, Ed25519PublicKey):
        raise ExportError(tr("The public key is of another kind"), subject=path, advice=tr(_ADVICE))
    return key_name(key)


def sign(folder: Path, key: Ed25519PrivateKey) -> None:
    """Add the signature of a finished package and the public key to it.

    Raises:
        OSError: they can't be written.
    """
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / SIGNER).write_bytes(public)
    (folder / SIGNATURE).write_bytes(key.sign((folder / TAG_MANIFEST).read_bytes()))


def signed_by(folder: Path) -> Signed | None:
    """What the signature of a package says; None where there is none."""
    if not (folder / SIGNATURE).exists() and not (folder / SIGNER).exists():
        return None
    try:
        key = serialization.load_pem_public_key((folder / SIGNER).read_bytes())
        if not isinstance(key, Ed25519PublicKey):
            return Signed("", is_valid=False)
    except (OSError, ValueError, UnsupportedAlgorithm):
        return Signed("", is_valid=False)
    try:
        key.verify((folder / SIGNATURE).read_bytes(), (folder / TAG_MANIFEST).read_bytes())
    except (OSError, InvalidSignature):
        return Signed(key_name(key), is_valid=False)
    return Signed(key_name(key), is_valid=True)


def key_name(key: Ed25519PublicKey) -> str:
    """The key's fingerprint, as `ssh-keygen -l` shows it."""
    line = key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
    return f"SHA256:{base64.b64encode(digest).decode('ascii').rstrip('=')}"


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ExportError(tr("The key can't be read"), subject=path, advice=f"{error.strerror}.") from error
