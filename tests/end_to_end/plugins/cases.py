"""The plugins that are tried, what is tried with each, and what to expect: the source of the table in the docs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, Mapping, NamedTuple, Tuple

AS_PLAIN, PER_JOB, REFUSED = "as in plain pytest", "per job", "refused"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
THREE_OUTCOMES = """
@pytest.mark.parametrize("n", range(4))
def test_n(n):
    print("printed", n)
    assert n != 3

def test_skips():
    pytest.skip("not now")
"""
BENCHMARKS = """
import time

@pytest.mark.parametrize("n", range(4))
def test_n(benchmark, n):
    benchmark.extra_info["n"] = n
    benchmark.pedantic(time.sleep, args=(0.05 if AGAIN else 0.001,), rounds=3)
"""
SYRUPY = """
@pytest.mark.parametrize("n", range(4))
def test_n(snapshot, n):
    assert n == snapshot
"""
# The second run has a test fewer, and another value.
CHANGED = SYRUPY.replace("range(4)", "range(3 if AGAIN else 4)").replace("assert n ", "assert n + AGAIN ")


class Case(NamedTuple):
    """A plugin, and a project that uses it.

    Attributes:
        package: its distribution.
        tried: what is tried, in words or as options, for the table.
        arguments: options of the run that is compared.
        test: tests, which all get the mark; AGAIN is True in that run, and False in the one before.
        files: files and folders whose content is compared.
        before: options of a run before, if there is one.
        outcome: one of the three.
        note: what differs, or the words with which the option is refused.
        beside: other distributions that are loaded.
        others: other files of the project.
        ini: further lines of pytest.ini.
        per_job: tests in a job.
        shown: words that both runs print, however they are spaced.
    """

    package: str
    tried: str
    arguments: Tuple[str, ...] = ()
    test: str = THREE_OUTCOMES
    files: Tuple[str, ...] = ()
    before: Tuple[str, ...] = ()
    outcome: str = AS_PLAIN
    note: str = ""
    beside: Tuple[str, ...] = ()
    others: Mapping[str, str] = {}
    ini: str = ""
    per_job: int = 2
    shown: str = ""

    @property
    def name(self) -> str:
        """For the test's id."""
        return f"{self.package}: {self.tried}"


def options(package: str, *arguments: str, **fields: object) -> Case:
    """A case that is described by its options."""
    return Case(package, f"`{' '.join(arguments)}`", arguments, **fields)  # type: ignore[arg-type]


DJANGO = """
SECRET_KEY = "x"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
"""
FEATURE = "Feature: F\n  Scenario: One\n    Given x\n    Then passes\n  Scenario: Two\n    Given x\n    Then fails\n"
STEPS = """
from pytest_bdd import given, scenario, then

@scenario("a.feature", "One")
def test_one(): pass

@scenario("a.feature", "Two")
def test_two(): pass

@given("x", target_fixture="x")
def x(): return 1

@then("fails")
def fails(x): assert x == 2

@then("passes")
def passes(x): assert x == 1
"""
INLINE = """
from inline_snapshot import snapshot

def test_a():
    assert 1 == snapshot(1)

def test_b():
    assert 1 == snapshot({})
"""
MPL = """
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt

@pytest.mark.parametrize("n", range(4))
@pytest.mark.mpl_image_compare
def test_n(n):
    figure = plt.figure()
    figure.add_subplot().plot([1, 2 + n + AGAIN * (n == 3)])
    return figure
"""
DEPENDENCY = """
@pytest.mark.dependency()
def test_a(): pass

def test_b(): pass

@pytest.mark.dependency(depends=["test_a"])
def test_c(): pass
"""
HARVEST = """
def test_a(results_bag):
    results_bag.x = 1

def test_b(results_bag):
    results_bag.x = 2

def test_synthesis(module_results_dct):
    assert 2 == len(module_results_dct)
"""

# ruff: noqa: E501 - one case a line
CASES = (
    # One book for the whole session.
    options("pytest-benchmark", "--benchmark-json=b.json", test=BENCHMARKS, files=("b.json",)),
    options("pytest-benchmark", "--benchmark-autosave", test=BENCHMARKS, files=(".benchmarks",)),
    options("pytest-benchmark", "--benchmark-cprofile=tottime", "--benchmark-json=b.json", test=BENCHMARKS, files=("b.json",)),
    options("pytest-benchmark", "--benchmark-compare", "--benchmark-compare-fail=min:5%", test=BENCHMARKS, before=("--benchmark-autosave",), shown="test_n[3] (0001_unversi) - Field 'min' has failed"),
    options("pytest-benchmark", "--benchmark-only", test=BENCHMARKS + "\ndef test_other(): pass\n"),
    options("pytest-json-report", "--json-report", "--json-report-file=r.json", files=("r.json",), beside=("pytest-metadata",), test=THREE_OUTCOMES.replace("(n):", "(n, json_metadata):\n    json_metadata['n'] = n")),
    options("pytest-json", "--json=r.json", files=("r.json",), outcome=PER_JOB, note="the report has no `environment`"),
    options("pytest-html", "--html=r.html", "--self-contained-html", files=("r.html",), beside=("pytest-metadata",)),
    Case("pytest-metadata", "with a report"),
    options("pytest-reportlog", "--report-log=r.log", files=("r.log",)),
    options("pytest-csv", "--csv=r.csv", files=("r.csv",)),
    options("pytest-md", "--md=r.md", files=("r.md",)),
    options("pytest-excel", "--excelreport=r.xlsx", files=("r.xlsx",)),
    options("allure-pytest", "--alluredir=al", "--clean-alluredir", files=("al",), before=("--alluredir=al",)),
    options("pytest-split", "--store-durations", "--durations-path=d.json", files=("d.json",)),
    options("pytest-split", "--splits=2", "--group=1"),
    options("pytest-durations", "--pytest-durations=5", shown="grand total 5 0:00", beside=("pytest-xdist",), note="with pytest-xdist loaded"),
    Case("pytest-harvest", "`module_results_dct` of tests in one job", test=HARVEST, outcome=PER_JOB, note="a synthesis knows the tests of its own job", beside=("pytest-xdist",), per_job=20),
    options("pytest-profiling", "--profile", files=("prof",), outcome=PER_JOB, note="each test's `.prof` is there; `combined.prof` is that of one job"),
    options("pytest-memray", "--memray", "--memray-bin-path=mem", files=("mem",), outcome=PER_JOB, note="each job prints its report into its own output; the dumps of all are kept"),
    Case("pytest-memray", "`limit_memory`", ("--memray",), "@pytest.mark.limit_memory('1 KB')\ndef test_a(): x = [0] * 100000\ndef test_b(): pass\n", outcome=PER_JOB, note="each job prints its report into its own output"),
    # Stores of snapshots.
    Case("syrupy", "comparing, all as stored", test=SYRUPY + "\ndef test_without():\n    pass\n", before=("--snapshot-update",), per_job=1, shown="4 snapshots passed."),
    Case("syrupy", "comparing, one differs", test=SYRUPY.replace("assert n", "assert n + (n == 2) * AGAIN"), before=("--snapshot-update",)),
    Case("syrupy", "an unused snapshot fails the session", shown="1 snapshot unused", test=SYRUPY.replace("range(4)", "range(3 if AGAIN else 4)"), before=("--snapshot-update",)),
    Case("syrupy", "`--snapshot-update`: new, changed and unused ones", ("--snapshot-update",), CHANGED, ("__snapshots__",), ("--snapshot-update",)),
    Case("syrupy", "`--snapshot-update`: one changed, the others kept", ("--snapshot-update",), SYRUPY.replace("assert n", "assert n + (n == 2) * AGAIN"), ("__snapshots__",), ("--snapshot-update",), per_job=1),
    Case("syrupy", "`--snapshot-update` with a class of snapshots", ("--snapshot-update",), "from syrupy.extensions.json import JSONSnapshotExtension as Json\n" + SYRUPY + "    assert {'n': n} == snapshot.use_extension(Json)\n", ("__snapshots__",)),
    Case("inline-snapshot", "comparing", test=INLINE.format(2), outcome=PER_JOB, note="what would be changed is shown in the output of the job"),
    options("inline-snapshot", "--inline-snapshot=fix", test=INLINE.format(2), outcome=REFUSED, note="each job would rewrite the test files"),
    Case("pytest-regressions", "comparing", test="@pytest.mark.parametrize('n', range(4))\ndef test_n(data_regression, n):\n    data_regression.check({'n': n + AGAIN * (n == 2)})\n", before=("--force-regen",), beside=("pytest-datadir",)),
    Case("pytest-regressions", "`--force-regen`", ("--force-regen",), "@pytest.mark.parametrize('n', range(4))\ndef test_n(data_regression, n):\n    data_regression.check({'n': n})\n", ("test_it",), beside=("pytest-datadir",)),
    Case("pytest-snapshot", "`--snapshot-update`", ("--snapshot-update",), SYRUPY.replace("assert n == snapshot", "snapshot.assert_match(str(n), 'x.txt')"), ("snapshots",)),
    Case("pytest-insta", "`--insta=update`", ("--insta=update",), SYRUPY.replace("n == snapshot", "snapshot() == str(n + (n == 2) * AGAIN)"), ("snapshots",), ("--insta=update",), per_job=1),
    options("pytest-insta", "--insta=clear", test=SYRUPY.replace("n == snapshot", "snapshot() == str(n)"), before=("--insta=update",), outcome=REFUSED, note="they go through what was recorded for all tests"),
    Case("inline-snapshot", "comparing, all as written", test=INLINE.format(1)),
    Case("pytest-mpl", "`--mpl`", ("--mpl",), MPL, before=("--mpl-generate-path=baseline",)),
    options("pytest-mpl", "--mpl", "--mpl-generate-summary=json", test=MPL, before=("--mpl-generate-path=baseline",), outcome=REFUSED, note="each job would write a summary of its own tests"),
    # How tests run, and in which order.
    Case("pytest-xdist", "loaded, without `-n`"),
    options("pytest-xdist", "-n", "1", outcome=REFUSED, note="jobs run side by side already"),
    options("pytest-rerunfailures", "--reruns=1", beside=("pytest-xdist",)),
    options("pytest-retry", "--retries=1", outcome=PER_JOB, note="its list of attempts is in the output of the job"),
    Case("flaky", "`@flaky`", shown="===Flaky Test Report===", beside=("pytest-xdist",), note="with pytest-xdist loaded, its report too", test="from flaky import flaky\nN = []\n@flaky\ndef test_a():\n    N.append(1)\n    assert 2 == len(N)\ndef test_b(): pass\n"),
    options("pytest-repeat", "--count=2"),
    options("pytest-flakefinder", "--flake-finder", "--flake-runs=2"),
    options("pytest-timeout", "--timeout=20"),
    Case("pytest-randomly", "loaded", outcome=PER_JOB, note="the order and the seed are those of here, the random state is that of the job"),
    options("pytest-random-order", "--random-order", outcome=PER_JOB, note="the order within a job is that of here"),
    Case("pytest-order", "`@pytest.mark.order`", test="@pytest.mark.order(2)\ndef test_a(): pass\n@pytest.mark.order(1)\ndef test_b(): pass\n", outcome=PER_JOB, note="the order within a job is that of here; `after=` orders jobs"),
    Case("pytest-dependency", "`depends=`", test=DEPENDENCY, outcome=REFUSED, note="pytest-dependency knows the outcomes of its own process alone"),
    options("pytest-testmon", "--testmon", outcome=REFUSED, note="all jobs would write one SQLite file"),
    options("pytest-cov", "--cov=.", outcome=REFUSED, note="each job would erase and write the same data file"),
    options("pytest-custom-exit-code", "--suppress-tests-failed-exit-code"),
    # What tests are written with.
    Case("pytest-asyncio", "`@pytest.mark.asyncio`", test="@pytest.mark.asyncio\nasync def test_a(): pass\n@pytest.mark.asyncio\nasync def test_b(): assert 0\n"),
    Case("anyio", "`@pytest.mark.anyio`", test="@pytest.mark.anyio\nasync def test_a(): pass\n@pytest.fixture\ndef anyio_backend(): return 'asyncio'\n"),
    Case("pytest-mock", "`mocker`", test="def test_a(mocker):\n    mocker.patch('os.getcwd', return_value='x')\n    assert 'x' == os.getcwd()\n"),
    Case("pytest-subtests", "`subtests`", test="def test_a(subtests):\n    for n in range(3):\n        with subtests.test(n=n):\n            assert n != 1\n"),
    Case("pytest-check", "`check`", test="from pytest_check import check\ndef test_a():\n    check.equal(1, 2)\n    check.equal(1, 3)\ndef test_b(): pass\n"),
    Case("pytest-assume", "`pytest.assume`", test="def test_a():\n    pytest.assume(1 == 2)\n    pytest.assume(1 == 3)\ndef test_b(): pass\n"),
    Case("pytest-bdd", "scenarios", test=STEPS, others={"a.feature": FEATURE}),
    options("pytest-bdd", "--cucumberjson=c.json", test=STEPS, others={"a.feature": FEATURE}, outcome=REFUSED, note="stays in the process that ran it"),
    Case("pytest-django", "`@pytest.mark.django_db`", test="@pytest.mark.django_db\ndef test_a():\n    from django.contrib.auth.models import User\n    assert 0 == User.objects.count()\ndef test_b(settings): assert settings.DEBUG\n", ini="DJANGO_SETTINGS_MODULE = dj\npythonpath = .\n", others={"dj.py": DJANGO}),
    Case("pytest-lazy-fixtures", "`lf`", test="from pytest_lazy_fixtures import lf\n@pytest.fixture\ndef one(): return 1\n@pytest.mark.parametrize('x', [lf('one'), 2])\ndef test_x(x): assert x == 1\n"),
    Case("pytest-steps", "`test_steps`", test="from pytest_steps import test_steps\n@test_steps('a', 'b')\ndef test_s(test_step):\n    assert 'a' == test_step\n"),
    Case("pytest-datadir", "`datadir`", test="def test_a(datadir):\n    assert 'x' == (datadir / 'x.txt').read_text()\n", others={"test_it/x.txt": "x"}),
    Case("pytest-datafiles", "`datafiles`", test="@pytest.mark.datafiles('x.txt')\ndef test_a(datafiles):\n    assert 'x' == (datafiles / 'x.txt').read_text()\n", others={"x.txt": "x"}),
    Case("pytest-env", "`env` in pytest.ini", test="def test_a(): assert '1' == os.environ['MINE']\n", ini="env =\n    MINE=1\n"),
    Case("pytest-dotenv", "`.env`", test="def test_a(): assert '1' == os.environ['MINE']\n", others={".env": "MINE=1\n"}),
    Case("pytest-freezer", "`freeze_time`", test="import datetime\n@pytest.mark.freeze_time('2020-01-01')\ndef test_a(): assert 2020 == datetime.date.today().year\n"),
    options("pytest-socket", "--disable-socket", test="import socket\ndef test_a(): socket.socket()\ndef test_b(): pass\n"),
    Case("pytest-httpserver", "`httpserver`", test="import urllib.request\ndef test_a(httpserver):\n    httpserver.expect_request('/x').respond_with_data('y')\n    assert b'y' == urllib.request.urlopen(httpserver.url_for('/x')).read()\n"),
    Case("pytest-console-scripts", "`script_runner`", test="def test_a(script_runner):\n    assert script_runner.run(['pip', '--version']).success\n"),
    Case("pytest-unordered", "`unordered`", test="from pytest_unordered import unordered\ndef test_a(): assert [1, 2] == unordered([2, 1])\ndef test_b(): assert [1] == unordered([2])\n"),
    Case("pytest-print", "`printer`", test="def test_a(printer):\n    printer('hello')\n"),
    options("hypothesis", "--hypothesis-show-statistics", shown="during generate phase", test="from hypothesis import given, strategies as st\n@given(st.integers())\ndef test_a(n): assert n < 1000\n@given(st.integers())\ndef test_b(n): pass\n"),
    # What is shown.
    options("pytest-instafail", "--instafail"),
    Case("pytest-sugar", "loaded"),
    Case("pytest-clarity", "loaded"),
    Case("pytest-icdiff", "loaded"),
    options("pytest-rich", "--rich"),
    Case("pytest-pretty", "loaded"),
    Case("pytest-github-actions-annotate-failures", "loaded"),
)  # fmt: skip


def versions() -> Dict[str, str]:
    """The version of each package that was tried."""
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if re.match(r"[a-z]", line))


def table() -> str:
    """The cases as a table of the docs, by package."""
    rows = ["| plugin | version | tried | outcome |", "| --- | --- | --- | --- |"]
    for case in sorted(CASES, key=lambda case: case.package):
        note = f": {case.note}" if case.note else ""
        rows.append(f"| {case.package} | {versions()[case.package]} | {case.tried} | {case.outcome}{note} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
