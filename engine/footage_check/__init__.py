"""Looks over footage before a detector is taught with it: what is wrong with each video, and with all together."""

from engine.footage_check.check import check_footage
from engine.footage_check.report import FindingKind, FootageFinding, FootageReport, FootageSummary, Severity

__all__ = ["FindingKind", "FootageFinding", "FootageReport", "FootageSummary", "Severity", "check_footage"]
