"""Teachers of every name; networks have random weights where the published ones are not available."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.flow.teachers import TEACHER_NAMES, Teacher, teacher_by_name
from tests.engine.flow.networks.published import pwcnet_weights


@pytest.fixture(scope="session")
def pwcnet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of PWC-Net, because the published ones may not be redistributed."""
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
