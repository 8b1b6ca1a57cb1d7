"""Lays out a report as PDF pages, with the same style as in print."""

from __future__ import annotations

import contextlib
import io
import warnings

from engine.common import system_libraries
from engine.common.errors import ExportError
from engine.common.language import tr

SUFFIX = ".pdf"


def refuse_pdf() -> None:
    """Check that PDFs can be made here.

    Raises:
        ExportError: a library is missing.
    """
    try:
        # It prints a page of advice of its own, and warns of what a later version will need.
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(action="ignore"):
            import weasyprint  # noqa: F401
    except OSError as error:
        missing = system_libraries.missing(system_libraries.PDF_LIBRARIES)
        advice = system_libraries.advice(missing) if missing else tr("Install the library Pango.")
        raise ExportError(
            tr("PDFs need a library that is not here"),
            subject=str(error),
            advice=tr("{advice} An HTML file needs none.").format(advice=advice),
        ) from error


def pdf_of(html: str) -> bytes:
    """The pages of a report.

    Raises:
        ExportError: a library is missing.
    """
    refuse_pdf()
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    # A report's pictures are data in the text itself: nothing is fetched from elsewhere.
    return bytes(HTML(string=html, url_fetcher=URLFetcher(allowed_protocols={"data"})).write_pdf())
