"""Teachers of every name; the networks among them with whatever weights can be had."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.flow.teachers import TEACHER_NAMES, Teacher, teacher_by_name
from tests.engine.flow.networks.published import pwcnet_weights


@pytest.fixture(scope="session")
def pwcnet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of PWC-Net that have learnt nothing: the published ones may not be passed on."""
    path = tmp_path_factory.mktemp("weights") / "pwcnet.pth"
    torch.save(pwcnet_weights()[0], path)
    return path


@pytest.fixture(params=TEACHER_NAMES)
def teacher(request: pytest.FixtureRequest) -> Teacher:
    """Each teacher in turn."""
    name: str = request.param
    if name == "raft":
        return teacher_by_name(name, weights=request.getfixturevalue("shared_data") / "weights" / "raft-small.pth")
    if name == "pwcnet":
        return teacher_by_name(name, weights=request.getfixturevalue("pwcnet_file"))
    return teacher_by_name(name)
