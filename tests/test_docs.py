"""The documentation speaks of what there is: links, paths, modules, names, commands and `make` targets all exist."""

from __future__ import annotations

import functools
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from engine.__main__ import cli as vad

ROOT = Path(__file__).parents[1]
HISTORY = ROOT / "CHANGELOG.md"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "tests" / "research" / "README.md"])
PRESENT = [page for page in PAGES if page != HISTORY]
SOURCES = ("engine", "vadgui", "resources", "packaging", "tests")

LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
PATH = re.compile(rf"(?<![\w/.-])(?:{'|'.join((*SOURCES, 'docs'))})/[\w./*-]*")
COMMENTED = re.compile(r"docs/[\w/-]+\.md")
FILE = re.compile(r"[\w.-]+\.(?:md|py|sh|toml|yml)")
NAME = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|(?:[A-Z][a-z0-9]+){2,}")
MODULE = re.compile(r"-m ((?:engine|vadgui|tests|resources)[\w.]*)")
INLINE = re.compile(r"`([^`\n]+)`")
BLOCK = re.compile(r"^ {4}(\S.*)$", re.MULTILINE)


def page_id(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def code_of(text: str) -> Iterator[str]:
    """Inline code, and lines of code."""
    yield from (found[1] for found in INLINE.finditer(text))
    yield from (found[1] for found in BLOCK.finditer(text))


def anchors(page: Path) -> set[str]:
    """Headings as GitHub names them in addresses."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@functools.cache
def source_files() -> frozenset[str]:
    """Names of all files of the repository, without folders."""
    return frozenset(path.name for folder in (*SOURCES, "docs") for path in (ROOT / folder).rglob("*.*")) | frozenset(
        path.name for path in ROOT.iterdir()
    )


@functools.cache
def words_of_sources() -> frozenset[str]:
    files = (path for folder in SOURCES for path in (ROOT / folder).rglob("*.py") if path != Path(__file__))
    return frozenset(word for path in files for word in re.findall(r"\w+", path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        path = page.parent / target if target else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            broken.append(f"{target}#{anchor}")
    assert not broken


@pytest.mark.parametrize("page", PRESENT, ids=page_id)
def test_paths_exist(page: Path) -> None:
    text = re.sub(r"\]\([^)]*\)", "]", page.read_text(encoding="utf-8"))
    paths = {path.rstrip(".") for path in PATH.findall(text)}
    files = {code for code in INLINE.findall(text) if FILE.fullmatch(code)}
    assert not {path for path in paths if not any(ROOT.glob(path.rstrip("/")))}
    assert not {name for name in files if name not in source_files()}


@pytest.mark.parametrize("package", ["engine", "vadgui"])
def test_pages_that_comments_name_exist(package: str) -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in (ROOT / package).rglob("*.py")}
    assert not {name for text in sources.values() for name in COMMENTED.findall(text) if not (ROOT / name).is_file()}
    # How choices were made is said in docs/research, not there.
    assert not {page_id(path) for path, text in sources.items() if "RESULTS.md" in text}


@pytest.mark.parametrize("page", PRESENT, ids=page_id)
def test_modules_and_names_exist(page: Path) -> None:
    code = list(code_of(page.read_text(encoding="utf-8")))
    modules = {name for line in code for name in MODULE.findall(line)}
    assert not {name for name in modules if importlib.util.find_spec(name) is None}
    assert not {line for line in code if NAME.fullmatch(line) and line not in words_of_sources()}


@pytest.mark.parametrize("page", PRESENT, ids=page_id)
def test_commands_take_these_options(page: Path) -> None:
    wrong = []
    for line in code_of(page.read_text(encoding="utf-8")):
        command = re.sub(r"^(python|torchrun .+) -m engine ", "vad ", line.partition("  #")[0])
        if command.startswith("vad "):
            wrong += [f"{line}: {problem}" for problem in problems_of(shlex.split(command)[1:])]
    assert not wrong


def problems_of(words: list[str]) -> Iterator[str]:
    """Commands and options among the words of a command line that `vad` does not have."""
    command: click.Command = vad
    for word in words:
        if word.startswith("--"):
            options = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help"}
            if word not in options:
                yield word
        elif isinstance(command, click.Group) and word.isalpha() and word.islower():
            found = command.get_command(click.Context(command), word)
            if found is None:
                yield word
                return
            command = found


@pytest.mark.parametrize("page", PRESENT, ids=page_id)
def test_make_has_these_targets(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    code = code_of(page.read_text(encoding="utf-8"))
    asked = {found[1] for line in code if (found := re.match(r"make ([a-z-]+)", line))}
    assert not asked - targets


def test_decisions_are_numbered_and_listed() -> None:
    index = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [record.name[:4] for record in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    for record in records:
        title, date = re.search(r"\A# \d+\. (.+)\n\n(.+)\n", record.read_text(encoding="utf-8")).groups()  # type: ignore[union-attr]
        assert f"| [{record.name[:4]}]({record.name}) | {date} | {title} |" in index
