"""The processes of a job, all of them."""

from __future__ import annotations

from tests.builders.emulated import WAIT, Emulated, is_gone, until


def test_nothing_of_a_job_survives_it(pjm: Emulated) -> None:
    # One in a session of its own, the other with an environment of its own.
    sleeper = "/bin/sh -c 'echo $$ > {0}; exec sleep 600' &\n"
    job = pjm.submit("setsid " + sleeper.format("one") + "env -i " + sleeper.format("two") + WAIT)
    processes = [pjm.written(name).strip() for name in ("one", "two")]
    assert not any(map(is_gone, processes))
    pjm.go()
    pjm.ended(job)

    until(lambda: all(map(is_gone, processes)))
