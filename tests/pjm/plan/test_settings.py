"""The settings of a session: defaults, what an option and the configuration say, and what cannot be meant."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import List, Tuple

import pytest

from pjm.errors import BadInput
from pjm.plan.packing import Site
from pjm.plan.settings import Settings, settings


def read(pytester: pytest.Pytester, *options: str, ini: str = "") -> Settings:
    pytester.makeini(f"[pytest]\n{ini}")
    return settings(pytester.parseconfig("-p", "pytest_pjm", "--fugaku-budget=8", *options))


def test_an_emulated_batch_system_is_asked_more_often(pytester: pytest.Pytester) -> None:
    real = read(pytester)
    emulated = read(pytester, "--fugaku-emulate")

    assert ((10.0, 60.0), 2.0, 24.0, 120.0) == (real.poll, real.tail, real.file_operations, real.grace)
    assert 30.0 == real.backoff
    assert (
        replace(real, emulate=True, poll=(0.05, 0.5), tail=0.05, file_operations=2000.0, grace=3.0, backoff=0.1)
        == emulated
    )
    assert (pytester.path / ".pjm", Site(), None) == (real.workdir, real.site, real.run_timeout)


def test_an_option_goes_before_the_configuration(pytester: pytest.Pytester) -> None:
    ini = "fugaku_group = hp1\nfugaku_retries = 5\nfugaku_elapse = 01:00:00\nfugaku_limits = tiny 1-2 00:10:00\n"

    found = read(pytester, "--fugaku-group=hp2", "--fugaku-workdir=kept", ini=ini)

    assert ("hp2", 5, 3600) == (found.site.group, found.retries, found.defaults.elapse)
    assert pytester.path / "kept" == found.workdir
    assert {"tiny", "small"} <= set(found.defaults.limits)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the user's own settings."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    file = tmp_path / "config" / "pytest-pjm" / "settings.ini"
    file.parent.mkdir(mode=0o700, parents=True)
    file.touch(mode=0o600)
    return file


def test_the_project_goes_before_the_users_own_settings_and_those_before_the_defaults(
    pytester: pytest.Pytester, own: Path
) -> None:
    own.write_text(
        "[pytest]\nfugaku_group = mine\nfugaku_gfscache = /vol1\nfugaku_elapse = 00:10:00\nfugaku_retries =\n"
        "fugaku_grace = 7\nfugaku_prologue =\n    module load gcc\n    ulimit -c 0\nfugaku_pjsub_options = -x 'A=b c'\n"
        "fugaku_workdir = ~/sessions\n"
    )

    found = read(pytester, "--fugaku", "--fugaku-elapse=00:20:00", ini="fugaku_group = the projects\nfugaku_grace =\n")

    assert ("the projects", "/vol1") == (found.site.group, found.site.gfscache)
    assert (1200, 2, 7.0) == (found.defaults.elapse, found.retries, found.grace)
    assert (("module load gcc", "ulimit -c 0"), ("-x", "A=b c")) == (found.prologue, found.submit_options)
    assert Path.home() / "sessions" == found.workdir


def test_without_fugaku_the_users_own_settings_do_not_matter(pytester: pytest.Pytester, own: Path) -> None:
    own.write_text("nonsense")

    assert read(pytester).site.group is None
    with pytest.raises(BadInput, match="cannot be read"):
        read(pytester, "--fugaku")


@pytest.mark.parametrize(
    ("text", "expected"), [("0", None), ("90", 90.0), ("1.5", 1.5), ("00:02:00", 120.0), ("2:00:00", 7200.0)]
)
def test_a_timeout_is_seconds_or_a_time_and_0_is_no_limit(
    pytester: pytest.Pytester, text: str, expected: object
) -> None:
    assert expected == read(pytester, f"--fugaku-run-timeout={text}").run_timeout


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--fugaku-queue-timeout=-5"], "fugaku_queue_timeout is '-5'"),
        (["--fugaku-run-timeout=nan"], "fugaku_run_timeout is 'nan'"),
        (["--fugaku-rscgrp=a,b"], "the option fugaku_rscgrp is 'a,b'"),
        *(([f"--fugaku-poll={text}"], f"fugaku_poll is {text!r}") for text in ("60-10", "0", "1-2-3", "a", "1-inf")),
        *(([f"--fugaku-retries={text}"], f"fugaku_retries is {text!r}") for text in ("-1", "1.5", "many")),
        (["--fugaku-budget=nan"], "--fugaku-budget is nan"),
        (["--fugaku-budget=-1"], "--fugaku-budget is -1.0"),
        (["--fugaku-python='python3"], 'fugaku_python is "\'python3"'),
        (["--fugaku-mpiexec=mpiexec '"], 'fugaku_mpiexec is "mpiexec \'"'),
        (["-o", "fugaku_ranks_gate=mpi"], "fugaku_ranks_gate is 'mpi'"),
        (["-o", "fugaku_grace=-1"], "fugaku_grace is '-1'"),
        (["-o", "fugaku_tests_per_job=0"], "fugaku_tests_per_job is '0'"),
        (["-o", "fugaku_unknown_jobs=0"], "fugaku_unknown_jobs is '0'"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_by_its_name(
    pytester: pytest.Pytester, words: List[str], what: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        read(pytester, *words)

    assert what == refusal.value.what


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("python3", ("python3",)),
        (
            "apptainer exec --bind '/a b' image.sif python3",
            ("apptainer", "exec", "--bind", "/a b", "image.sif", "python3"),
        ),
        ("'/with blanks/python'", ("/with blanks/python",)),
    ],
)
def test_the_python_of_jobs_is_a_command(pytester: pytest.Pytester, text: str, words: Tuple[str, ...]) -> None:
    assert words == read(pytester, ini=f"fugaku_python = {text}").python
    assert (sys.executable,) == read(pytester).python


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mpiexec", ("mpiexec", "-n", "{ranks}")),
        ("srun --mpi=pmix -n {ranks} --label", ("srun", "--mpi=pmix", "-n", "{ranks}", "--label")),
        ("'/my mpi/mpirun' --np={ranks}", ("/my mpi/mpirun", "--np={ranks}")),
        ("", ()),
    ],
)
def test_what_starts_ranks_is_a_command_with_their_number(
    pytester: pytest.Pytester, text: str, words: Tuple[str, ...]
) -> None:
    found = read(pytester, ini=f"fugaku_mpiexec = {text}\nfugaku_ranks_gate = mpi4py\n")

    assert (words, "mpi4py") == (found.mpiexec, found.ranks_gate)
    assert ((), "files") == (read(pytester).mpiexec, read(pytester).ranks_gate)


def test_a_command_may_be_longer_than_a_file_name(pytester: pytest.Pytester) -> None:
    text = f"mpiexec {'-x A ' * 60}-n {{ranks}}"

    assert tuple(text.split()) == read(pytester, ini=f"fugaku_mpiexec = {text}\n").mpiexec


def test_a_path_with_blanks_and_without_quotes_is_not_taken_for_a_command(pytester: pytest.Pytester) -> None:
    path = pytester.path / "with blanks"
    path.touch()

    with pytest.raises(BadInput) as refusal:
        read(pytester, f"--fugaku-python={path}")

    assert f"say: fugaku_python = '{path}'" == refusal.value.fix


def test_fugakus_limits_are_not_those_of_other_batch_systems(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nfugaku_limits = tiny 1-2 00:10:00\nfugaku_pjsub_options = --no-check-directory\n")
    config = pytester.parseconfig("-p", "pytest_pjm", "--fugaku-budget=8")

    assert {"tiny"} == set(settings(config, "slurm").defaults.limits)
    assert ((), ("--no-check-directory",)) == (
        settings(config, "slurm").submit_options,
        settings(config).submit_options,
    )


def test_options_for_submitting_are_for_every_batch_system(pytester: pytest.Pytester) -> None:
    ini = "fugaku_submit_options = --exclusive\nfugaku_pjsub_options = --no-check-directory\n"

    assert ("--exclusive",) == read(pytester, ini=ini).submit_options


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("fugaku_elapse = x", "write for example fugaku_elapse = 00:30:00"),
        ("fugaku_rscgrp = a b", "write for example fugaku_rscgrp = small"),
        ("fugaku_limits = small 1-384 x", "write for example small 1-384 72:00:00"),
        ("fugaku_run_timeout = x", "say for example fugaku_run_timeout = 12:00:00"),
        ("fugaku_python = it's", "say: fugaku_python = 'it'\"'\"'s'"),
    ],
)
def test_what_to_write_is_a_line_of_the_configuration(pytester: pytest.Pytester, line: str, advice: str) -> None:
    (pytester.path / "it's").touch()
    pytester.makefile(".ini", pytest=f"[pytest]\n{line}")

    assert f"next: {advice}" in pytester.runpytest("-p", "pjm.plugin", "--fugaku-emulate").stderr.str()
