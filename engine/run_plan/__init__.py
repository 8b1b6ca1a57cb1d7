"""What a training run would take here: batch size, memory, time and disk, measured with its own steps."""

from engine.run_plan.plan import EFFORTS, Effort, RunPlan, StageCost
from engine.run_plan.planning import plan_efforts, plan_run

__all__ = ["EFFORTS", "Effort", "RunPlan", "StageCost", "plan_efforts", "plan_run"]
