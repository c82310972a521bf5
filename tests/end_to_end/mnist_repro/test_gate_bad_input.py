"""Bad input to the fixture `gate`: one message that says what to type, no frame of ours, no half-written file."""

from __future__ import annotations

import pytest

from tests.builders.command_line import listed

BAD = {
    "gate.check('a', [1.0])": "gate.check('a', list)",
    "gate.check('../a', train)": "'../a' is no name of a baseline",
    "gate.check('a', train, metrics=higher(margin=0))": "higher(margin=0)",
    "gate.check('a', train, metrics=higher(margin=True))": "higher(margin=True)",
    "gate.check('a', lambda seed: 10**400 + seed)": "value is inf for seed 0",
    "gate.check('a', lambda seed: 1e308 * (1 - seed / 100))": "value lies between 8.5e+307 and 1e+308",
    "gate.check('a', lambda seed: 5e-324 * seed)": "value lies between 0 and 7.41e-323",
    "gate.check('a', lambda seed: {'x\\ny': 1.0})": "seed 0 gave {'x\\ny': 1.0}",
    "gate.check('a', lambda seed: seed - 7.5, metrics=same(relative=0.1))": "the recorded mean is 0",
    "gate.cases('a', [True], metrics=higher(margin=0.1))": "results=[True]",
    "gate.cases('a', {1: True, '1': False}, metrics=higher(margin=0.1))": "a case is called '1', as another one is",
    "gate.cases('a', {n: [0.5, nan] for n in range(60)}, metrics=higher(margin=0.1))": "value is nan for case 0",
    "gate.fingerprint('a', exact=[1])": "exact=[1]",
    "gate.fingerprint('a', close=[1.0])": "close=[1.0]",
    "gate.fingerprint('a', exact={'n': [1]})": "exact n is of type list",
    "gate.check('a', train, metrics=Claim('up'))": "Claim('up')",
}
HEAD = (
    "from math import nan\nfrom mnist_repro.gate import Claim, higher, same\n\n"
    "def train(seed):\n    return seed * 1.5\n\n"
)


PLUGIN = ("-p", "mnist_repro.gate.plugin", "--gate-record", "-rN")


@pytest.fixture(autouse=True)
def _elsewhere(_compiled_modules: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another project's session, in this process, where somebody records."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.mark.parametrize(("call", "what"), BAD.items())
def test_bad_input_is_one_message_and_leaves_no_file(pytester: pytest.Pytester, call: str, what: str) -> None:
    pytester.makepyfile(f"{HEAD}def test_it(gate):\n    {call}\n")

    ran = pytester.runpytest_inprocess(*PLUGIN)

    out = ran.stdout.str()
    assert 1 == ran.ret
    assert what in out
    assert [1, 1] == [out.count("  why: "), out.count("  next: ")]
    assert "mnist_repro/gate/" not in out
    assert [] == [name for name in listed(pytester.path) if name.endswith(".yml")]


def test_an_exception_of_the_training_is_shown_as_it_is(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "def train(seed):\n    if seed == 3:\n        raise OSError('no disk')\n    return seed * 1.5\n\n"
        "def test_it(gate):\n    gate.check('a', train)\n"
    )

    ran = pytester.runpytest_subprocess(*PLUGIN)

    ran.stdout.fnmatch_lines(["*raise OSError('no disk')", "E * OSError: no disk", "*a: incomparable*"])
    assert "mnist_repro/gate/" not in ran.stdout.str()
    assert "During handling" not in ran.stdout.str()
