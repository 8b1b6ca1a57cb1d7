"""MkDocs hook that adds the documents in the repository's root to the site and adjusts links to them.

On GitHub, links are relative to files in the repository; the site has the root documents and docs/ in one folder.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
PAPERS = ("ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "RESULTS.md", "SECURITY.md")

_LINK = re.compile(r"(?<=\]\()(?!https?:|#)([^)#\s]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the root documents to the pages of docs/."""
    for name in PAPERS:
        files.append(File.generated(config, name, content=(ROOT / name).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Rewrite the links of a page from repository paths to site paths."""
    return site_links(markdown, page.file.src_uri)


def site_links(markdown: str, page: str) -> str:
    """The Markdown of a page, with links to docs/ and to root documents relative to the page's path in the site."""
    folder = posixpath.dirname(page)
    in_repository = "" if page in PAPERS else posixpath.join("docs", folder)

    def of_site(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(in_repository, link[1]))
        if target not in PAPERS and not target.startswith("docs/"):
            return link[1]
        return posixpath.relpath(target.removeprefix("docs/"), folder or ".")

    return _LINK.sub(of_site, markdown)
