"""Importing is light and silent: the window must show before libraries are loaded that take seconds."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import engine.flow
import engine.scoring
import engine.video
import vadgui

ROOT = Path(__file__).parents[1]
LIGHT = [
    "engine.__main__",
    "engine.analysis.runner",
    "engine.detector_library",
    "engine.common.errors",
    "engine.evaluation.events",
    "engine.evaluation.score_figures",
    "engine.evaluation.dataset_analysis",
    "engine.evaluation.metrics",
    "engine.evaluation.plots",
    "engine.evaluation.report",
    "engine.common.events",
    "engine.export.clip",
    "engine.figures.choosing",
    "engine.figures.drawing",
    "engine.footage_check",
    "engine.common.paths",
    "engine.analysis.pipeline",
    "engine.review.store",
    "engine.run_plan",
    "engine.analysis.score_store",
    "engine.training",
    "resources",
    *(
        module.name
        for package in (engine.flow, engine.scoring, engine.video, vadgui)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not module.name.endswith(".__main__") and not module.name.startswith("engine.flow.networks.")
    ),
]


def test_light_modules_import_without_heavy_libraries_and_without_a_trace(tmp_path: Path) -> None:
    home = {name: str(tmp_path) for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "VADGUI_CACHE")}
    code = f"import importlib, sys; [importlib.import_module(n) for n in {LIGHT}]; "
    code += "print({'sklearn', 'torch'} & {*sys.modules})"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **home}, capture_output=True, text=True
    )
    assert (ran.stdout, ran.stderr) == ("set()\n", "")
    assert list(tmp_path.iterdir()) == []
