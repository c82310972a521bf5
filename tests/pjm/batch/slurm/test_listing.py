"""What squeue, sacct and scontrol print becomes values; what cannot be read is said and never lost."""

from __future__ import annotations

import pytest

from pjm.batch.scheduler import UnreadableError
from pjm.batch.slurm.listing import Configuration, JobRow, configuration, jobs, most_memory
from tests.builders.slurm_samples import CONFIG, MAX_RSS, SACCT, SQUEUE


def test_rows_of_the_queue_are_read() -> None:
    rows = {row.job_id: row for row in jobs(SQUEUE)}

    assert 11 == len(rows)
    assert JobRow("2", "FAILED", 7, 0, 1796010239.0, 1.0, 1800.0, "NonZeroExitCode", "e7") == rows["2"]
    assert JobRow("3", "FAILED", 0, 9, 1796010239.0, 2.0, 1800.0, "JobLaunchFailure", "k9") == rows["3"]
    assert JobRow("7", "PENDING", 0, 0, None, 0.0, 86460.0, "PartitionTimeLimit", "long") == rows["7"]
    assert ("", None) == (rows["13"].reason, rows["13"].limit)


def test_rows_of_the_history_are_read_and_jobs_of_an_array_are_told_apart() -> None:
    rows = {row.job_id: row for row in jobs(SACCT)}

    arrays = ["5_0", "5_2", "5_4", "5_9", "8_0", "8_1", "8_2", "8_3"]
    assert {"2", "3", "6", "1_1", *arrays} == set(rows)
    assert JobRow("2", "FAILED", 7, 0, 1796010428.0, 0.0, 1800.0, "", "x-0.0") == rows["2"]
    assert JobRow("5_4", "CANCELLED", 0, 0, 1796010427.0, 0.0, 1800.0, "", "pend") == rows["5_4"]


def test_a_name_may_hold_what_stands_between_columns() -> None:
    assert "na|me" == {row.job_id: row for row in jobs(SQUEUE)}["8_1"].name
    assert "na|me" == {row.job_id: row for row in jobs(SACCT)}["8_3"].name


def test_banners_and_names_of_clusters_are_passed_over() -> None:
    assert [] == list(jobs("Welcome to the cluster\n\nCLUSTER: here\n"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("12|RUNNING|0", "a row has 3 of 8 columns"),
        ("12 small name root R 0:01 1 n1", "a row has 1 of 8 columns"),
        ("12||0|N/A|0:00|30:00|None|a|", "job 12 has no state"),
        ("12|FAILED||N/A|0:00|30:00|None|a|", "no exit code"),
        ("12|FAILED|-|N/A|0:00|30:00|None|a|", "no exit code"),
        ("12_[0-3,...]|PENDING|0:0|Unknown|0|30|None|a", "cannot be read"),
    ],
)
def test_a_row_that_cannot_be_read_is_said(line: str, said: str) -> None:
    with pytest.raises(UnreadableError, match=said):
        list(jobs(f"{SQUEUE}{line}\n"))


def test_a_row_of_another_kind_of_job_is_one_of_nobody() -> None:
    (row,) = jobs("12+0|RUNNING|0|1796010239|0:11|30:00|None|het|\n")

    assert "12+0" == row.job_id


@pytest.mark.parametrize(
    ("accounting", "age", "expected"),
    [
        ("none", "2", Configuration(False, 2.0, 1001)),
        ("slurmdbd", "300", Configuration(True, 300.0, 1001)),
        ("slurmdbd", "0", Configuration(True, None, 1001)),
    ],
)
def test_the_configuration_is_read(accounting: str, age: str, expected: Configuration) -> None:
    assert expected == configuration(CONFIG.format(accounting=accounting, age=age))


def test_later_versions_say_that_there_is_no_accounting_in_another_way() -> None:
    text = CONFIG.format(accounting="none", age="300").replace("accounting_storage/none", "(null)")

    assert not configuration(text).accounting


def test_arrays_may_be_switched_off() -> None:
    assert 1 == configuration(CONFIG.format(accounting="none", age="2").replace("1001", "0")).array


@pytest.mark.parametrize("missing", ["MinJobAge", "AccountingStorageType"])
def test_a_configuration_that_says_too_little_is_not_guessed(missing: str) -> None:
    with pytest.raises(UnreadableError, match=missing):
        configuration(CONFIG.format(accounting="none", age="2").replace(missing, "Other"))


def test_the_most_memory_of_all_steps_counts() -> None:
    assert ("205.3 MiB", "") == (most_memory(MAX_RSS), most_memory("\n\n"))
