"""The child process that measures the costs of a training: if it runs out of memory, the window survives.

Reads {"settings": RunSettings, "folder": str, "all_efforts": bool} from stdin, writes JSON lines to stdout.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.common.errors import VadError
from engine.common.events import Progress
from engine.common.json_values import convert
from engine.common.language import use_language_of_environment
from engine.run_plan import RunPlan, plan_efforts, plan_run
from engine.training import RunSettings


def answers(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield {"share": 0 to 1} while measuring, then {"plans": ...} by effort ("" for the settings as they are)."""
    settings = convert(request["settings"], RunSettings)
    folder = Path(request["folder"])
    work = plan_efforts(settings, folder) if request["all_efforts"] else plan_run(settings, folder)
    for event in work:
        match event:
            case Progress():
                yield {"share": event.done / event.total if event.total else 0.0}
            case RunPlan():
                yield {"plans": {"": asdict(event)}}
            case _:
                yield {"plans": {name: asdict(plan) for name, plan in event.items()}}


def plans_of(answer: dict[str, Any]) -> dict[str, RunPlan]:
    """Parse the plans of an answer."""
    return convert(answer["plans"], dict[str, RunPlan])


def main() -> None:
    """Read one request and print its answers."""
    use_language_of_environment()
    try:
        for answer in answers(json.loads(sys.stdin.readline())):
            print(json.dumps(answer), flush=True)
    except VadError as error:
        print(json.dumps({"failed": [error.what, error.subject, error.advice]}), flush=True)


if __name__ == "__main__":
    main()
