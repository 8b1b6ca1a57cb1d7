"""The language of the reports and clips that a command writes; what commands say themselves stays English."""

from __future__ import annotations

import click

from engine.common.language import LANGUAGES, SOURCE_LANGUAGE, in_language


def _use(context: click.Context, _parameter: click.Parameter, code: str) -> None:
    context.with_resource(in_language(code))


language_option = click.option(
    "--language",
    type=click.Choice(list(LANGUAGES)),
    default=SOURCE_LANGUAGE,
    show_default=True,
    expose_value=False,
    callback=_use,
    help="Language of the report and of texts in clips; tables and lists are English.",
)
