"""A fake of vadgui.training.jobs.plan_process: it prints fixed plans without measuring.

`python -m tests.vadgui.training.wizard.fake_planner BEHAVIOUR`
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, replace

from engine.run_plan import EFFORTS, RunPlan, StageCost


def command(behaviour: str) -> list[str]:
    return [sys.executable, "-m", "tests.vadgui.training.wizard.fake_planner", behaviour]


def plan(motion_epochs: int, frame_epochs: int, refusal: str | None = None) -> RunPlan:
    """A plan of a minute an epoch and a batch size of 8."""
    stages = (StageCost("motion", 0.1, 60.0, motion_epochs, 10**9), StageCost("frame", 0.1, 60.0, frame_epochs, 10**9))
    return RunPlan("CPU", 100, 80, 8, stages, 10**9, 8 * 10**9, 30.0, 10**9, 10**11, "footage", refusal)


def on_busy_machine(run_plan: RunPlan) -> RunPlan:
    """The same plan on a machine that other programs keep half busy."""
    run_plan = replace(run_plan, undisturbed_seconds=run_plan.total_seconds / 2)
    return replace(run_plan, notes=(run_plan.busy_note(),))


def main(behaviour: str) -> None:
    request = json.loads(sys.stdin.readline())
    print(json.dumps({"share": 0.5}), flush=True)
    match behaviour:
        case "crashes":
            os._exit(1)
        case "fails":
            print(json.dumps({"failed": ["No such device", "cuda", "Choose another."]}))
            return
    refusal = "The disk is full." if behaviour == "refuses" else None
    if request["all_efforts"]:
        plans = {name: plan(each.motion_epochs, each.frame_epochs, refusal) for name, each in EFFORTS.items()}
    else:
        settings = request["settings"]
        plans = {"": plan(settings["motion_epochs"], settings["frame_epochs"], refusal)}
    if behaviour == "dies":  # after the plans of the small models, in the middle of the large ones
        print(json.dumps({"plans": {name: asdict(plans[name]) for name in ("quick", "standard")}}), flush=True)
        print(json.dumps({"share": 0.6}), flush=True)
        os._exit(1)
    if behaviour == "busy":
        plans = {name: on_busy_machine(each) for name, each in plans.items()}
    print(json.dumps({"plans": {name: asdict(each) for name, each in plans.items()}}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
