from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from engine.__main__ import cli
from engine.flow.colour import rgb_to_flow
from engine.flow.files import read_flow, write_flo
from engine.video.picture_folder import read_picture


@pytest.fixture(autouse=True)
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes a.png, and b.png, in which everything is shifted 3 px right and 2 px down."""
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(3).integers(0, 255, (120, 161, 3), np.uint8)
    texture = cv2.GaussianBlur(noise, (0, 0), 2.5)
    cv2.imwrite("a.png", texture)
    cv2.imwrite("b.png", np.roll(texture, (2, 3), axis=(0, 1)))
    write_flo(Path("truth.flo"), np.stack([np.full((120, 161), 3.0), np.full((120, 161), 2.0)]))


def vad_flow(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["flow", *map(str, arguments)])


def test_flow_prints_speeds_and_writes_no_file_by_default() -> None:
    before = set(Path().iterdir())
    ran = vad_flow("a.png", "b.png")
    assert ran.exit_code == 0, ran.output
    assert "dis-medium: mean 3.6" in ran.stdout  # sqrt(3² + 2²) = 3.61
    assert set(Path().iterdir()) == before


def test_flow_writes_numbers_and_colours() -> None:
    ran = vad_flow("a.png", "b.png", "--out", "f.flo", "--out", "f.png", "--radius", 8)
    assert ran.exit_code == 0, ran.output
    flow = read_flow(Path("f.flo"))
    assert np.median(flow, axis=(1, 2)) == pytest.approx([3, 2], abs=0.05)
    coloured = rgb_to_flow(read_picture(Path("f.png")).astype(np.float32) / 255, 8.0)
    assert np.median(np.hypot(*(coloured - flow))) < 0.1
    assert "f.png (full colour from 8.00 px)" in ran.stdout


def test_flow_measures_the_error_against_the_true_flow() -> None:
    truth = read_flow(Path("truth.flo"))
    truth[:, :, :40] = np.nan
    write_flo(Path("truth.flo"), truth)
    ran = vad_flow("a.png", "b.png", "--truth", "truth.flo", "--out", "f.flo")
    error = np.hypot(*(read_flow(Path("f.flo")) - truth))[:, 40:].mean()
    assert f"End-point error: {error:.3f} px (truth known for 75%)" in ran.stdout


def test_a_network_loads_the_given_weights() -> None:
    import torch

    from engine.flow.networks.raft import raft_small

    torch.manual_seed(0)
    torch.save(raft_small().state_dict(), "weights.pth")
    asked = ("--teacher", "raft", "--weights", "weights.pth", "--device", "cpu", "--out", "f.flo")
    ran = vad_flow("a.png", "b.png", *asked)
    assert "Speed by raft: mean" in ran.stdout
    assert read_flow(Path("f.flo")).shape == (2, 120, 161)
    assert vad_flow("a.png", "b.png", *asked, "--out", "weights.pth").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a.png", "gone.png"), "can't be read"),
        (("a.png", "truth.flo"), "can't be decoded"),
        (("a.png", "small.png"), "differ in size: 161x120 and 20x10"),
        (("a.png", "b.png", "--truth", "a.png"), "holds no flow"),
        (("a.png", "b.png", "--truth", "small.flo"), "20x10"),
        (("a.png", "b.png", "--teacher", "raft"), "needs a file of weights"),
        (("a.png", "b.png", "--teacher", "raft", "--weights", "a.png"), "no weights file, or it is damaged"),
        (("a.png", "b.png", "--teacher", "best"), "Unknown optical-flow teacher"),
        (("a.png", "b.png", "--out", "no/folder.flo"), "can't be written"),
    ],
)
def test_errors_are_explained(arguments: tuple[str, ...], message: str) -> None:
    cv2.imwrite("small.png", np.zeros((10, 20, 3), np.uint8))
    write_flo(Path("small.flo"), np.zeros((2, 10, 20)))
    ran = vad_flow(*arguments)
    assert ran.exit_code == 1
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("out", ["flow.jpg", "flow", "a.png", "./b.png", "truth.flo"])
def test_invalid_outputs_are_refused(out: str) -> None:
    before = {file.name: file.read_bytes() for file in Path().iterdir()}
    ran = vad_flow("a.png", "b.png", "--truth", "truth.flo", "--out", out)
    assert ran.exit_code == 2
    assert {file.name: file.read_bytes() for file in Path().iterdir()} == before


@pytest.mark.parametrize("command", ["flow", "train", "ablation"])
def test_help_says_which_teachers_are_experimental(command: str) -> None:
    text = " ".join(CliRunner().invoke(cli, [command, "--help"]).output.split())
    assert "raft, pwcnet (experimental)" in text


def test_an_experimental_teacher_says_so_when_it_is_used() -> None:
    assert "pwcnet is experimental" in vad_flow("a.png", "b.png", "--teacher", "pwcnet").stderr
    assert "experimental" not in vad_flow("a.png", "b.png", "--teacher", "raft").stderr
