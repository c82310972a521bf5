"""pytest with a batch system that runs jobs: what the client asks, and what it costs. Run by benchmarks/plugin.py."""

from __future__ import annotations

import json
import resource
import sys
from collections import Counter
from pathlib import Path
from typing import Any, List
from unittest import mock

import pytest

from pjm.batch.host import Answer, LocalHost
from pjm.follow.poll import Poller

_HISTORY = ("sacct", "-H")  # words of questions about jobs that have ended
_QUESTIONS = ("squeue", "sacct", "pjstat")
_ask, _run = Poller.ask, LocalHost.run


def main() -> int:
    """Run pytest with the other arguments; write what it cost where the first says."""
    result, *arguments = sys.argv[1:]
    polls: List[Counter[str]] = []
    asked: Counter[str] = Counter()

    def run(host: LocalHost, command: List[str], *others: Any) -> Answer:
        if any(word in command for word in _QUESTIONS):
            asked["history" if any(word in command for word in _HISTORY) else "queue"] += 1
        return _run(host, command, *others)

    def ask(poller: Poller, *others: Any) -> bool:
        asked.clear()
        ended = _ask(poller, *others)
        polls.append(Counter(asked))
        return ended

    with mock.patch.object(LocalHost, "run", run), mock.patch.object(Poller, "ask", ask):
        code = pytest.main(["-p", "pytest_pjm", "--fugaku", *arguments])
    usage = resource.getrusage(resource.RUSAGE_SELF)
    measured = {view: max((poll[view] for poll in polls), default=0) for view in ("queue", "history")}
    number = sum(1 for poll in polls if poll)
    Path(result).write_text(json.dumps({**measured, "polls": number, "cpu": usage.ru_utime + usage.ru_stime}))
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
