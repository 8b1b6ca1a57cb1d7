from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import bagit
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.__main__ import cli
from engine.common.errors import ExportError
from engine.evidence.signature import key_name, read_key
from engine.review.document import JudgedSegment, Verdict
from tests.clips import make_clip
from tests.engine.commands.reviews import write_review

PEM, OPENSSH = serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH


def vad(*arguments: object, password: str | None = None) -> Result:
    return CliRunner().invoke(cli, [str(each) for each in arguments], input=password and f"{password}\n")


def write_key(
    path: Path, form: serialization.PrivateFormat = OPENSSH, password: bytes | None = None, key: object = None
) -> Ed25519PrivateKey:
    made = key or Ed25519PrivateKey.generate()
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    path.write_bytes(made.private_bytes(PEM, form, lock))  # type: ignore[attr-defined]
    public = made.public_key()  # type: ignore[attr-defined]
    line = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    path.with_suffix(".pub").write_bytes(line + b" ann@station\n")
    return made  # type: ignore[return-value]


@pytest.fixture
def review(tmp_path: Path) -> Path:
    return write_review(make_clip(tmp_path / "gate.mp4", 40), JudgedSegment(start=2, stop=5, verdict=Verdict.UNSURE))


@pytest.mark.parametrize("form", [OPENSSH, serialization.PrivateFormat.PKCS8])
@pytest.mark.parametrize("password", [None, "open sesame"])
def test_a_signed_package_is_whole_and_tells_by_whom(
    tmp_path: Path, review: Path, form: serialization.PrivateFormat, password: str | None
) -> None:
    key = write_key(tmp_path / "key", form, password.encode() if password else None)
    ran = vad("package", review, "--out", tmp_path / "p", "--sign", tmp_path / "key", "--quiet", password=password)
    assert ran.exit_code == 0, ran.output
    ran = vad("verify", tmp_path / "p", "--signed-by", tmp_path / "key.pub")
    assert ran.exit_code == 0, ran.output
    assert f"signature valid, key {key_name(key.public_key())}" in ran.stdout


@pytest.fixture
def signed(tmp_path: Path, review: Path) -> Path:
    write_key(tmp_path / "key")
    assert vad("package", review, "--out", tmp_path / "p", "--sign", tmp_path / "key", "--quiet").exit_code == 0
    return tmp_path / "p"


def test_other_programs_agree(tmp_path: Path, signed: Path) -> None:
    if shutil.which("openssl"):
        command = "openssl pkeyutl -verify -pubin -inkey signer.pem -rawin -in tagmanifest-sha256.txt -sigfile"
        subprocess.run([*command.split(), "tagmanifest-sha256.txt.sig"], cwd=signed, check=True, capture_output=True)
    assert bagit.Bag(str(signed)).validate()
    if not shutil.which("ssh-keygen"):
        pytest.skip("there is no ssh-keygen here")
    shown = subprocess.run(["ssh-keygen", "-l", "-f", tmp_path / "key.pub"], check=True, capture_output=True, text=True)
    assert shown.stdout.split()[1] in vad("verify", signed).stdout


def test_who_changes_the_lists_needs_the_key(signed: Path) -> None:
    (signed / "data/report.html").write_text("nothing was found")
    bagit.Bag(str(signed)).save(manifests=True)
    ran = vad("verify", signed)
    assert (ran.exit_code, "signature NOT valid" in ran.stdout) == (1, True), ran.output


def test_a_signature_by_another_key_or_none_is_told(tmp_path: Path, signed: Path) -> None:
    write_key(tmp_path / "other")
    ran = vad("verify", signed, "--signed-by", tmp_path / "other.pub")
    assert (ran.exit_code, "NOT signed by" in ran.stdout) == (1, True)
    for name in ("tagmanifest-sha256.txt.sig", "signer.pem"):
        (signed / name).unlink()
    assert vad("verify", signed).exit_code == 0
    assert vad("verify", signed, "--signed-by", tmp_path / "key.pub").exit_code == 1


@pytest.mark.parametrize("name", ["tagmanifest-sha256.txt.sig", "signer.pem"])
@pytest.mark.parametrize("content", [None, b"", b"\x00" * 64])
def test_a_damaged_signature_is_not_valid(signed: Path, name: str, content: bytes | None) -> None:
    (signed / name).unlink()
    if content is not None:
        (signed / name).write_bytes(content)
    ran = vad("verify", signed)
    assert (ran.exit_code, "signature NOT valid" in ran.stdout) == (1, True), ran.output


def test_keys_that_can_not_be_used_are_told_before_anything_is_made(tmp_path: Path, review: Path) -> None:
    write_key(tmp_path / "curve", key=ec.generate_private_key(ec.SECP256R1()))
    write_key(tmp_path / "locked", password=b"right")
    (tmp_path / "text").write_text("my key")
    for name, said in (
        ("curve", "another kind"),
        ("locked", "can't be opened"),
        ("text", "can't be opened"),
        ("no", "read"),
    ):
        ran = vad("package", review, "--out", tmp_path / "p", "--sign", tmp_path / name, password="wrong")
        assert (ran.exit_code, said in ran.stderr) == (1, True), ran.output
        assert not (tmp_path / "p").exists()


def test_the_password_is_asked_for_only_if_needed(tmp_path: Path) -> None:
    write_key(tmp_path / "open")

    def nobody_answers() -> str:
        raise AssertionError

    read_key(tmp_path / "open", nobody_answers)
    with pytest.raises(ExportError):
        read_key(tmp_path / "missing", nobody_answers)


def test_a_locked_key_without_anybody_to_ask_is_told(tmp_path: Path, review: Path) -> None:
    write_key(tmp_path / "locked", password=b"right")
    arguments = ["package", str(review), "--out", str(tmp_path / "package"), "--sign", str(tmp_path / "locked")]
    ran = CliRunner().invoke(cli, arguments, input="")
    assert ran.exit_code == 1
    assert "no password was given" in ran.stderr
    assert str(tmp_path / "locked") in ran.stderr
    assert not (tmp_path / "package").exists()
