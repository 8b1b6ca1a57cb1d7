"""`vad package`: an evidence package of a review."""

from __future__ import annotations

from pathlib import Path

import click

from engine.commands.detector_option import WHICH, detector_option
from engine.commands.language_option import language_option
from engine.commands.progress import follow
from engine.commands.redaction_option import redaction_option
from engine.commands.reviewed_recordings import Predictors, check_reviewed, open_evidence, open_reviewed, verdicts_of
from engine.common.errors import ExportError
from engine.common.language import tr
from engine.export.list_files import refuse_existing
from engine.review.document import Verdict


@click.command(short_help="Make an evidence package of a review.")
@click.argument("review", type=click.Path(path_type=Path), callback=check_reviewed)
@click.option(
    "--out", "folder", type=click.Path(path_type=Path), required=True, help="A folder that does not exist yet."
)
@click.option(
    "--clips",
    metavar="VERDICTS",
    default=Verdict.CONFIRMED.value,
    show_default=True,
    callback=verdicts_of,
    help=f"Working copies of segments with these verdicts, out of {','.join(Verdict)}; or of all.",
)
@click.option("--hash-only", is_flag=True, help="Leave the recordings themselves out; keep their SHA-256.")
@click.option(
    "--with-redacted",
    is_flag=True,
    help="Copy the recordings even if something of them is redacted: whoever has the package can see it.",
)
@language_option
@redaction_option
@click.option(
    "--sign",
    "key_path",
    metavar="KEY",
    type=click.Path(path_type=Path),
    help="Sign it with your own ed25519 key, in PEM or OpenSSH format.",
)
@detector_option(text=f"Detector {WHICH}; by default that of the review, out of your library.")
@click.option("--device", default="auto", show_default=True, help="auto, cuda, mps or cpu.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def package(
    review: Path,
    folder: Path,
    clips: tuple[Verdict, ...],
    hash_only: bool,
    with_redacted: bool,
    redact: bool,
    key_path: Path | None,
    detector: Path | None,
    device: str,
    quiet: bool,
) -> None:
    """Make an evidence package of REVIEW: the recordings bit for bit, working copies, review, tables and report.

    Recordings of which something is redacted are left out, but for their SHA-256.

    `vad verify` tells whether it is whole. Its path and its checksum go to stdout; who notes that down elsewhere can
    later tell this package from any other.
    """
    from engine.evidence.bag import package_checksum
    from engine.evidence.package import PackageOptions, make_package, review_file
    from engine.evidence.signature import read_key

    refuse_existing(folder)  # before an analysis
    key = read_key(key_path, lambda: _password(key_path)) if key_path else None
    predictors = Predictors(detector, device)
    opened = open_reviewed(review, predictors, quiet=quiet, redact=redact)
    options = PackageOptions(clips, with_recordings=not hash_only, with_redacted=with_redacted)
    work = make_package(
        opened.recordings,
        [review_file(review)],
        folder,
        options,
        key=key,
        evidence_of=lambda recording: open_evidence(recording, predictors),
        left_out=opened.left_out,
    )
    click.echo(follow(work, hidden=quiet))
    click.echo(f"checksum {package_checksum(folder)}")
    opened.tell_left_out()


def _password(key: Path) -> str:
    try:
        return str(click.prompt("Password of the key", hide_input=True, err=True))
    except click.Abort as error:
        raise ExportError(
            tr("The key is locked, and no password was given"),
            subject=key,
            advice=tr("Run the command in a terminal, which asks for it, or take a key without a password."),
        ) from error
