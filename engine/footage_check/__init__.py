"""Checks footage before training: problems of each video, and problems that only a comparison of the videos shows."""

from engine.footage_check.check import check_footage
from engine.footage_check.report import FindingKind, FootageFinding, FootageReport, FootageSummary, Severity

__all__ = ["FindingKind", "FootageFinding", "FootageReport", "FootageSummary", "Severity", "check_footage"]
