"""The score store against kills, torn files, full disks, strangers and other processes."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zlib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.analysis.analysis_files import prune
from engine.analysis.score_store import CHUNK_ROWS, AnalysisKey, Frames, ScoreStore, find_analysis
from engine.common.errors import ScoreStoreError
from engine.scoring.signals import RAW_SIGNALS, RawSignals
from tests.at_once import run_at_once
from tests.read_only import ReadOnlyFolder

KEY = AnalysisKey("video", "detector", '{"teacher": "dis"}')
ROOT = Path(__file__).parents[3]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="kills and limits as POSIX has them")

WRITER = """
import sys
from pathlib import Path
from engine.analysis.score_store import AnalysisKey, ScoreStore
from tests.engine.analysis.test_score_store import KEY, rows_of
store = ScoreStore(Path(sys.argv[1]), KEY)
step, flush_every = int(sys.argv[2]), int(sys.argv[3])
n = 0
while len(store) < int(sys.argv[4]):
    store.append(*rows_of(len(store), min(len(store) + step, int(sys.argv[4]))))
    n += 1
    if flush_every and n % flush_every == 0:
        store.flush()
    print(len(store), flush=True)
store.close()
"""

OPENER = """
import sys
from pathlib import Path
from engine.analysis.analysis_files import prune
from engine.analysis.score_store import AnalysisKey, ScoreStore
print("ready", flush=True)
for line in sys.stdin:
    ScoreStore(Path(sys.argv[1]), AnalysisKey(line, "", "")).close()
    prune(Path(sys.argv[1]))
"""

WRITER_ON_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from engine.common.errors import ScoreStoreError
from engine.analysis.score_store import ScoreStore
from tests.engine.analysis.test_score_store import KEY, rows_of
store = ScoreStore(Path(sys.argv[1]), KEY)
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
try:
    while True:
        store.append(*rows_of(len(store), len(store) + 100))
except ScoreStoreError as error:
    print("refused at", len(store), error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.append(*rows_of(len(store), len(store) + 100))
store.close()
"""


def rows_of(start: int, stop: int) -> tuple[Frames, RawSignals]:
    """Frames and rows that anyone can check: every number follows from the row's place."""
    rows = np.zeros(stop - start, RAW_SIGNALS)
    frames = np.arange(start, stop)
    rows["psnr_db"] = frames
    rows["patch_psnr_db"] = frames[:, None, None] + np.arange(16).reshape(4, 4) / 16
    rows["flow_error_px"] = -frames
    rows["patch_flow_error_px"] = 1
    return 3 * frames, rows


def assert_same(read: tuple[Frames, RawSignals], expected: tuple[Frames, RawSignals]) -> None:
    for part, whole in zip(read, expected, strict=True):
        np.testing.assert_array_equal(part, whole)


def write(folder: Path, count: int, key: AnalysisKey = KEY) -> Path:
    with ScoreStore(folder, key) as store:
        store.append(*rows_of(0, count))
    return folder / key.file_name


def start_writer(folder: Path, *, step: int, flush_every: int = 0, until: int = 10**9) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder), str(step), str(flush_every), str(until)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


# What is appended is there


@pytest.mark.slow
@given(
    steps=st.lists(st.one_of(st.integers(0, 20), st.integers(200, 700)), max_size=8),
    reopen=st.integers(0, 255),
    bounds=st.tuples(st.integers(-50, 3000), st.one_of(st.none(), st.integers(-50, 3000))),
)
@settings(max_examples=40)
def test_rows_come_back_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], reopen: int, bounds: tuple[int, int | None]
) -> None:
    folder = tmp_path_factory.mktemp("store")
    store = ScoreStore(folder, KEY)
    for n, step in enumerate(steps):
        store.append(*rows_of(len(store), len(store) + step))
        if reopen >> n & 1:
            store.close()
            store = ScoreStore(folder, KEY)
    assert len(store) == sum(steps)
    expected = rows_of(0, sum(steps))
    assert_same(store.read(), expected)
    frames, rows = expected
    assert_same(store.read(*bounds), (frames[slice(*bounds)], rows[slice(*bounds)]))
    store.close()


def test_full_chunks_are_on_disk_at_once_and_the_rest_after_flush(tmp_path: Path) -> None:
    with ScoreStore(tmp_path, KEY) as writer:
        writer.append(*rows_of(0, CHUNK_ROWS + 10))
        with ScoreStore(tmp_path, KEY) as reader:
            assert len(reader) == CHUNK_ROWS
        writer.flush()
        with ScoreStore(tmp_path, KEY) as reader:
            assert len(reader) == CHUNK_ROWS + 10


def test_places_are_kept_beside_their_rows(tmp_path: Path) -> None:
    frames, rows = rows_of(0, 300)
    with ScoreStore(tmp_path, KEY) as store:
        store.append(frames[:280], rows[:280], {0: b"first", 6: b"third"})
        store.append(frames[280:], rows[280:], {840: b"late"})
        assert store.places([0, 3, 6, 840]) == {0: b"first", 6: b"third", 840: b"late"}
    with ScoreStore(tmp_path, KEY) as store:
        assert store.places([0, 3, 840]) == {0: b"first", 840: b"late"}
        store.clear()
        assert store.places([0, 840]) == {}


def test_every_field_of_the_key_makes_another_analysis(tmp_path: Path) -> None:
    keys = [
        AnalysisKey("a", "b", "c"),
        AnalysisKey("x", "b", "c"),
        AnalysisKey("a", "x", "c"),
        AnalysisKey("a", "b", "x"),
    ]
    keys.append(AnalysisKey("ab", "", "c"))
    for n, key in enumerate(keys):
        write(tmp_path, n + 1, key)
    for n, key in enumerate(keys):
        with ScoreStore(tmp_path, key) as store:
            assert len(store) == n + 1


def test_a_key_of_odd_characters_still_names_a_plain_file() -> None:
    name = AnalysisKey("../Käse\0?", "C:\\*", "\n").file_name
    assert name.isascii()
    assert name.replace(".", "").isalnum()


def test_closing_twice_is_fine(tmp_path: Path) -> None:
    store = ScoreStore(tmp_path, KEY)
    store.append(*rows_of(0, 3))
    store.close()
    store.close()
    with ScoreStore(tmp_path, KEY) as again:
        assert len(again) == 3


# Kills and torn files


@pytest.mark.slow
@POSIX
@pytest.mark.parametrize("seed", range(6))
def test_a_kill_loses_at_most_one_chunk_and_the_rest_can_go_on(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    acknowledged = 0
    for _ in range(2):
        writer = start_writer(tmp_path, step=chance.choice([1, 7, 100, 1000]), flush_every=chance.choice([0, 3]))
        assert writer.stdout is not None
        for _ in range(chance.randint(1, 200)):
            acknowledged = int(writer.stdout.readline())
        time.sleep(chance.random() * 0.01)
        writer.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *map(int, writer.communicate()[0].split()[:-1])])
        with ScoreStore(tmp_path, KEY) as store:
            assert len(store) > acknowledged - CHUNK_ROWS
            assert_same(store.read(), rows_of(0, len(store)))
            store.append(*rows_of(len(store), len(store) + 300))
    assert not list(tmp_path.glob("*.damaged"))


@pytest.mark.slow
@POSIX
def test_a_kill_while_the_database_is_made_does_no_harm(tmp_path: Path) -> None:
    for n in range(8):
        folder = tmp_path / str(n)
        writer = start_writer(folder, step=1)
        # From before the folder exists until shortly after the first rows.
        while not folder.exists() and writer.poll() is None:
            time.sleep(0.001)
        time.sleep(n * 0.001)
        writer.kill()
        writer.communicate()
        with ScoreStore(folder, KEY) as store:
            assert_same(store.read(), rows_of(0, len(store)))
        assert not list(folder.glob("*.damaged"))


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a kill leaves it: a database, and the latest chunks in its write-ahead log."""
    folder = tmp_path_factory.mktemp("torn")
    alive = tmp_path_factory.mktemp("alive")
    write(alive, 1000)
    with ScoreStore(alive, KEY) as store:
        store.append(*rows_of(1000, 2000))
        for path in alive.iterdir():
            shutil.copy(path, folder)
    (folder / f"{KEY.file_name}-shm").unlink()
    return folder


@pytest.mark.slow
@given(data=st.data(), suffix=st.sampled_from(["", "-wal"]), cut=st.booleans())
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_torn_what_is_read_is_right(
    torn: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, suffix: str, cut: bool
) -> None:
    folder = tmp_path_factory.mktemp("copy")
    for path in torn.iterdir():
        shutil.copy(path, folder)
    victim = folder / (KEY.file_name + suffix)
    content = bytearray(victim.read_bytes())
    where = data.draw(st.integers(0, len(content) - 1))
    if cut:
        del content[where:]
    else:
        content[where] ^= data.draw(st.integers(1, 255))
    victim.write_bytes(content)
    with ScoreStore(folder, KEY) as store:
        kept = len(store)
        assert_same(store.read(), rows_of(0, kept))
        store.append(*rows_of(kept, 2000 + CHUNK_ROWS))
    with ScoreStore(folder, KEY) as store:
        assert_same(store.read(), rows_of(0, 2000 + CHUNK_ROWS))


def test_a_damaged_row_costs_what_follows_it_only(tmp_path: Path) -> None:
    path = write(tmp_path, 5 * CHUNK_ROWS)
    database = sqlite3.connect(path)
    database.execute("UPDATE chunks SET rows = zeroblob(length(rows)) WHERE number = 3")
    database.commit()
    database.close()
    with ScoreStore(tmp_path, KEY) as store:
        assert_same(store.read(), rows_of(0, 3 * CHUNK_ROWS))


def stranger(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE recipes (name TEXT)")
    database.commit()
    database.close()


def other_key(path: Path) -> None:
    shutil.copy(write(path.parent / "other", 500, AnalysisKey("another", "", "")), path)


@pytest.mark.parametrize(
    "make",
    [lambda path: path.write_bytes(b"GIF89a" * 2000), stranger, other_key],
    ids=["no database", "foreign", "key"],
)
def test_what_is_not_this_analysis_is_put_aside_whole(tmp_path: Path, make: object) -> None:
    assert callable(make)
    path = tmp_path / KEY.file_name
    make(path)
    content = path.read_bytes()
    with ScoreStore(tmp_path, KEY) as store:
        assert len(store) == 0
        store.append(*rows_of(0, 300))
    assert path.with_suffix(".damaged").read_bytes() == content
    with ScoreStore(tmp_path, KEY) as store:
        assert len(store) == 300


@pytest.mark.parametrize("length", [1, 8, 200])
def test_overwritten_bytes_cost_rows_at_most(tmp_path: Path, length: int) -> None:
    """SQLite, its text decoding and the checks of rows each raise errors of their own."""
    whole = write(tmp_path / "whole", 600).read_bytes()
    chance = random.Random(length)
    for number in range(60):
        folder = tmp_path / str(number)
        folder.mkdir()
        data = bytearray(whole)
        # Half of the damage goes where the tables are described.
        start = chance.randrange(len(data) if number % 2 else 4200)
        data[start : start + length] = chance.randbytes(min(length, len(data) - start))
        (folder / KEY.file_name).write_bytes(data)
        with ScoreStore(folder, KEY) as store:
            kept = len(store)
            assert_same(store.read(), rows_of(0, kept))
            store.append(*rows_of(kept, 700))
        with ScoreStore(folder, KEY) as store:
            assert_same(store.read(), rows_of(0, 700))


@pytest.mark.parametrize("value", ["text", 7, b"x" * 4_000_000])
def test_rows_of_another_type_are_damage(tmp_path: Path, value: object) -> None:
    path = write(tmp_path, 300)
    with closing(sqlite3.connect(path)) as database, database:
        crc32 = zlib.crc32(value) if isinstance(value, bytes) else 0
        database.execute("UPDATE chunks SET crc32 = ?, rows = ? WHERE number = 1", (crc32, value))
    with ScoreStore(tmp_path, KEY) as store:
        assert_same(store.read(), rows_of(0, CHUNK_ROWS))


def test_the_damaged_store_of_a_report_is_put_aside(tmp_path: Path) -> None:
    case = ROOT.parent / "shared" / "cases" / "damaged-cache" / "store0.sqlite3"
    if not case.is_file():
        pytest.skip("needs the case in ../shared/cases")
    shutil.copy(case, tmp_path / KEY.file_name)
    with ScoreStore(tmp_path, KEY) as store:
        assert len(store) == 0


# What the machine refuses


def test_a_cache_that_may_not_be_written_still_serves_what_it_holds(read_only_folder: ReadOnlyFolder) -> None:
    write(read_only_folder.path, 300)
    with read_only_folder.locked():
        with ScoreStore(read_only_folder.path, KEY) as store:
            assert_same(store.read(), rows_of(0, 300))
            with pytest.raises(ScoreStoreError, match="can't be saved"):
                store.append(*rows_of(300, 600))
        with pytest.raises(ScoreStoreError, match="can't be opened"):
            ScoreStore(read_only_folder.path, AnalysisKey("another", "", ""))
    (read_only_folder.path / AnalysisKey("damaged", "", "").file_name).write_bytes(b"GIF89a" * 2000)
    with read_only_folder.locked(), pytest.raises(ScoreStoreError, match="can't be opened"):
        ScoreStore(read_only_folder.path, AnalysisKey("damaged", "", ""))
    with ScoreStore(read_only_folder.path, KEY) as store:
        assert len(store) == 300


@POSIX
def test_a_full_disk_is_said_and_costs_nothing_that_was_there(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER_ON_A_FULL_DISK, str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert "refused at" in ran.stdout, ran.stderr
    assert "can't be saved" in ran.stdout
    assert "VADGUI_CACHE" in ran.stdout
    refused_at = int(ran.stdout.split("refused at ")[1].split()[0])
    with ScoreStore(tmp_path, KEY) as store:
        assert_same(store.read(), rows_of(0, refused_at + 100))


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ScoreStoreError, match="can't be opened") as caught:
        ScoreStore(tmp_path / "file" / "cache", KEY)
    assert KEY.file_name in caught.value.subject


def test_a_folder_in_the_place_of_the_database_is_said_and_kept(tmp_path: Path) -> None:
    (tmp_path / KEY.file_name).mkdir()
    with pytest.raises(ScoreStoreError):
        ScoreStore(tmp_path, KEY)
    assert (tmp_path / KEY.file_name).is_dir()


# Several processes, one analysis


def test_two_stores_of_one_analysis_never_spoil_it(tmp_path: Path) -> None:
    with ScoreStore(tmp_path, KEY) as slow, ScoreStore(tmp_path, KEY) as fast:
        slow.append(*rows_of(0, 100))
        fast.append(*rows_of(0, 600))
        fast.flush()
        slow.flush()
        slow.append(*rows_of(100, 300))
        slow.flush()
        assert_same(slow.read(), rows_of(0, 300))
    with ScoreStore(tmp_path, KEY) as store:
        assert_same(store.read(), rows_of(0, 600))


@pytest.mark.slow
def test_processes_at_the_same_analysis_all_get_through(tmp_path: Path) -> None:
    writers = [start_writer(tmp_path, step=step, flush_every=2, until=2000) for step in (50, 90, 256)]
    for writer in writers:
        _, log = writer.communicate(timeout=60)
        assert writer.returncode == 0, log
    with ScoreStore(tmp_path, KEY) as store:
        assert_same(store.read(), rows_of(0, 2000))


# The cache's size


def test_processes_that_open_new_analyses_at_the_same_moment_all_may(tmp_path: Path) -> None:
    run_at_once(OPENER, [str(tmp_path)], map(str, range(100)))
    assert not list(tmp_path.glob("*.damaged"))


def test_pruning_removes_what_was_used_least_lately(tmp_path: Path) -> None:
    keys = [AnalysisKey(str(n), "", "") for n in range(4)]
    paths = [write(tmp_path, 1000, key) for key in keys]
    for age, path in enumerate(paths):
        os.utime(path, (10_000 - age, 10_000 - age))
    ScoreStore(tmp_path, keys[3]).close()  # the oldest is of use again
    each = paths[0].stat().st_size
    assert prune(tmp_path, 2 * each) == 2 * each
    assert [path.exists() for path in paths] == [True, False, False, True]
    assert prune(tmp_path, 2 * each) == 0


def test_pruning_removes_what_nobody_used_for_long(tmp_path: Path) -> None:
    old, new = (write(tmp_path, 1000, AnalysisKey(str(n), "", "")) for n in range(2))
    for path, days in ((old, 31), (new, 29)):
        os.utime(path, (time.time() - days * 86_400,) * 2)
    assert prune(tmp_path) == 0
    assert prune(tmp_path, max_days=30) > 0
    assert [old.exists(), new.exists()] == [False, True]


def test_pruning_spares_what_is_open_and_takes_what_was_put_aside(tmp_path: Path) -> None:
    (tmp_path / KEY.file_name).write_bytes(b"not a database" * 100)
    with ScoreStore(tmp_path, KEY) as store:
        store.append(*rows_of(0, 1000))
        (tmp_path / f"{'0' * 32}.sqlite3").write_bytes(b"nor this")
        (tmp_path / "notes.txt").write_text("a person's")
        assert prune(tmp_path, 0) > 0
        assert {path.name for path in tmp_path.iterdir()} >= {KEY.file_name, "notes.txt"}
        assert not list(tmp_path.glob(f"{'0' * 32}*")) + list(tmp_path.glob("*.damaged"))
        store.append(*rows_of(1000, 1100))
    with ScoreStore(tmp_path, KEY) as store:
        assert_same(store.read(), rows_of(0, 1100))
    prune(tmp_path, 0)
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["notes.txt"]


def test_pruning_a_folder_that_is_not_there_frees_nothing(tmp_path: Path) -> None:
    assert prune(tmp_path / "none") == 0


@pytest.mark.parametrize("target", ["gone", ""], ids=["nowhere", "in a circle"])
def test_links_that_lead_to_no_file_keep_no_analysis_from_its_store(tmp_path: Path, target: str) -> None:
    for name in (KEY.file_name, "another.sqlite3"):
        (tmp_path / name).symlink_to(tmp_path / (target or name))
    assert find_analysis(tmp_path, lambda _: True) is None
    with ScoreStore(tmp_path, KEY) as store:
        store.append(*rows_of(0, 5))
    assert find_analysis(tmp_path, lambda key: key == KEY) == KEY
    prune(tmp_path, max_bytes=0)
    assert not (tmp_path / KEY.file_name).exists()
