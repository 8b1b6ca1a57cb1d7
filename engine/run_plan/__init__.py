"""Plans training runs: measures real training steps to estimate batch size, memory, time and disk space."""

from engine.run_plan.plan import EFFORTS, Effort, RunPlan, StageCost
from engine.run_plan.planning import plan_efforts, plan_run

__all__ = ["EFFORTS", "Effort", "RunPlan", "StageCost", "plan_efforts", "plan_run"]
