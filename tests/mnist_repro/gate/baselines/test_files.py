"""Baseline files: floats come back to the last bit, and what was cut short or edited is refused, not believed."""

from __future__ import annotations

import errno
import math
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Callable, List, Optional

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pytest_regressions.file_regression import FileRegressionFixture

from mnist_repro.errors import BadInput
from mnist_repro.gate.baselines import files as baseline_files
from mnist_repro.gate.baselines.values import BaselineEntry, BaselineFile, Owner, SampleEntry, accepted
from mnist_repro.runs import baselines
from tests.builders.baseline_refusals import BACK, LATER, refusal, stored_file, why_refused
from tests.builders.made_up_baselines import (
    ACCURACY,
    CONDITIONS,
    LOSS,
    SURROGATE,
    TRAINING,
    fingerprint,
    fingerprints,
    samples,
    subset,
    values,
)


def test_where_there_is_no_file_nothing_is_stored(tmp_path: Path) -> None:
    assert BaselineFile("vgg7/full", "samples") == baselines.read(tmp_path, "vgg7", "full")


@pytest.mark.parametrize(
    "file",
    [
        *map(subset, (samples(), samples(paired=True), samples(history=(LATER,)))),
        fingerprints(fingerprint(), fingerprint(platform="aarch64, TensorFlow 2.2, Keras 2.3", history=(LATER,))),
    ],
)
def test_entries_come_back_as_they_were(file: BaselineFile, tmp_path: Path) -> None:
    baseline_files.write(tmp_path, file)

    assert file == baseline_files.read(tmp_path, file.name, file.kind, file.owner)
    assert file == baseline_files.read(tmp_path, file.name, "", file.owner)


def test_what_is_proposed_lies_beside_and_needs_no_history(tmp_path: Path) -> None:
    file = subset(samples(history=()))

    assert tmp_path / "wheel-softmax" / "subset.proposed.yml" == baseline_files.write(tmp_path, file, proposed=True)
    assert file == baselines.read_proposed(tmp_path, "wheel-softmax", "subset")
    assert BaselineFile(file.name, "samples") == baselines.read(tmp_path, "wheel-softmax", "subset")


@settings(deadline=None, max_examples=25)
@given(value=st.floats(allow_nan=False, allow_infinity=False))
@example(value=5e-324)
@example(value=1e22)
@example(value=-0.0)
@example(value=1.7976931348623157e308)
@example(value=123456789.0)
def test_floats_come_back_to_their_last_bit(value: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "floats"
    # The second seed is one that the margins fit.
    kept = samples(samples={0: {LOSS: value, ACCURACY: 0.75, TRAINING: -value}, 1: values(0.5)})
    baseline_files.write(folder, subset(kept))

    assert repr(kept) == repr(baselines.read(folder, "wheel-softmax", "subset").entries[0])


def test_packages_take_one_line(tmp_path: Path) -> None:
    packages = {"numpy": "2.1", "protobuf": "6.33.1"}
    file = subset(samples(provenance={"packages": packages}))

    assert "    packages: {numpy: '2.1', protobuf: 6.33.1}\n" in baseline_files.write(tmp_path, file).read_text("utf-8")
    assert file == baselines.read(tmp_path, "wheel-softmax", "subset")


def test_it_is_text_to_review(tmp_path: Path, file_regression: FileRegressionFixture) -> None:
    file_regression.check(stored_file(tmp_path).read_text(encoding="utf-8"), extension=".yml")


def test_a_fingerprint_is_text_to_review(tmp_path: Path, file_regression: FileRegressionFixture) -> None:
    text = baseline_files.write(tmp_path, fingerprints()).read_text(encoding="utf-8")

    file_regression.check(text, extension=".yml")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_never_enters_a_file(value: float, tmp_path: Path) -> None:
    before = baseline_files.write(tmp_path, subset()).read_bytes()

    with pytest.raises(BadInput, match=f"{LOSS} is {value}, which nothing can be compared with"):
        baseline_files.write(tmp_path, subset(samples([0.25, value])))
    assert before == baseline_files.path_of(tmp_path, "wheel-softmax/subset").read_bytes()


def test_a_file_with_the_line_ends_of_windows_reads_as_it_was(tmp_path: Path) -> None:
    path = stored_file(tmp_path)
    before = baselines.read(tmp_path, "wheel-softmax", "subset")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert before == baselines.read(tmp_path, "wheel-softmax", "subset")


@pytest.mark.parametrize(("stored", "asked"), [("samples", "fingerprint"), ("fingerprint", "samples")])
def test_a_baseline_of_another_kind_is_named(stored: str, asked: str, tmp_path: Path) -> None:
    file = subset() if stored == "samples" else fingerprints()
    path = baseline_files.write(tmp_path, file)

    with pytest.raises(BadInput) as caught:
        baseline_files.read(tmp_path, file.name, asked, file.owner)
    assert (
        f"{path} cannot be used as a baseline: its kind is {stored!r}, where {asked} is expected" == caught.value.what
    )


def test_a_kind_that_no_program_has_is_named(tmp_path: Path) -> None:
    path = stored_file(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("kind: samples", "kind: published"), encoding="utf-8")

    with pytest.raises(BadInput, match="its kind is 'published', where samples or fingerprint or cases is expected"):
        baseline_files.read(tmp_path, "wheel-softmax/subset", "", subset().owner)


BASE = [0.05 + 0.001 * seed for seed in range(12)]


def test_two_recordings_that_a_merge_mixed_are_found(tmp_path: Path) -> None:
    """Branches that change different seeds of one entry: with the conflicting lines of one branch, git is content."""
    first, last = ({**dict(enumerate(BASE)), seed: 0.5} for seed in (0, 11))
    paths = [tmp_path / name for name in ("ours", "base", "theirs")]
    for folder, losses in zip(paths, (first, dict(enumerate(BASE)), last)):
        stored = subset(samples(BASE))
        change = subset(samples(samples={seed: values(loss) for seed, loss in losses.items()}))
        baseline_files.write(folder, accepted(stored, change, LATER.date, f"a change of {folder.name}"))
    files = [str(baseline_files.path_of(folder, "wheel-softmax/subset")) for folder in paths]

    merge = ("git", "merge-file", "-p")
    conflict, mixed = (
        subprocess.run([*merge, *option, *files], capture_output=True, check=False) for option in ([], ["--ours"])
    )

    # Both changes add to the same history, and change the same digest.
    assert conflict.returncode > 0
    Path(files[0]).write_bytes(conflict.stdout)
    with pytest.raises(BadInput, match="has a conflict marker"):
        baselines.read(paths[0], "wheel-softmax", "subset")
    assert 0 == mixed.returncode
    Path(files[0]).write_bytes(mixed.stdout)
    found = why_refused(paths[0])
    assert found.startswith("entry dataset mnist, arithmetic original: digest is '")
    assert found.endswith("': two recordings were merged into one, or it was edited")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"{LOSS}: 0.25", f"{LOSS}: 0.26"),
        # Other numbers to YAML 1.1.
        (f"{LOSS}: 0.25", f"{LOSS}: 017"),
        (f"{LOSS}: 0.25", f"{LOSS}: 1:30"),
        ("margin: 0.005", "margin: 0.006"),
        ("direction: lower", "direction: same"),
        ("claim: equivalent", "claim: no worse"),
        ("reason: twenty images", "reason: thirty images"),
        ("paired: false", "paired: true"),
        ("dataset: mnist", "dataset: emnist"),
        ("digest: ", "digest: 0"),
        ("digest: ", "digest: '' # "),
    ],
)
def test_an_entry_that_was_edited_does_not_fit_its_digest(old: str, new: str, tmp_path: Path) -> None:
    changed = accepted(subset(), subset(samples([0.25, 0.5])), LATER.date, LATER.reason)
    free = Owner("record", "show", "diff", "accept")
    path = baseline_files.write(tmp_path, replace(changed, owner=free))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

    assert text.count(old)
    with pytest.raises(
        BadInput, match=r"but its values have .*: two recordings were merged into one, or it was edited"
    ):
        baseline_files.read(tmp_path, changed.name, changed.kind, free)


def test_an_entry_without_digest_is_refused(tmp_path: Path) -> None:
    path = stored_file(tmp_path)
    path.write_text(re.sub("- digest: .*\n  cond", "- cond", path.read_text(encoding="utf-8")), encoding="utf-8")

    assert why_refused(tmp_path).startswith("entry dataset mnist, arithmetic original: digest is None, but ")


def test_provenance_and_history_do_not_count_for_the_digest(tmp_path: Path) -> None:
    path = stored_file(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("commit: c0ffee", "commit: d00f").replace("first rec", "1st rec"), encoding="utf-8")

    assert 2 == len(baselines.read(tmp_path, "wheel-softmax", "subset").entries)


def test_its_owner_may_refuse_an_entry_before_it_is_written_and_when_it_is_read(tmp_path: Path) -> None:
    def check(entry: BaselineEntry) -> None:
        if isinstance(entry, SampleEntry) and len(entry.samples) < 3:
            raise ValueError(f"{len(entry.samples)} seeds are not enough for me")

    owner = Owner("gate record digits", "show", "diff", "accept", check=check)
    sound = replace(subset(), owner=owner)
    path = baseline_files.write(tmp_path, sound)
    before = path.read_bytes()
    unsound = replace(sound, entries=(samples([0.25, 0.5]),))
    why = f"{path} cannot be used as a baseline: entry {samples().title}: 2 seeds are not enough for me"

    with pytest.raises(BadInput) as caught:
        baseline_files.write(tmp_path, unsound)
    assert why == caught.value.what
    assert before == path.read_bytes()
    baseline_files.write(tmp_path, replace(unsound, owner=Owner("", "", "", "")))
    with pytest.raises(BadInput) as caught:
        baseline_files.read(tmp_path, sound.name, sound.kind, owner)
    assert why == caught.value.what
    assert caught.value.fix.endswith(f"rm {path} && gate record digits")


def test_names_are_those_of_the_files_in_folders_too(tmp_path: Path) -> None:
    for name in ("digits/sgd", "digits/lbfgs", "poisson-64"):
        baseline_files.write(tmp_path, replace(subset(), name=name))
    baseline_files.write(tmp_path, replace(subset(samples(history=())), name="digits/new"), proposed=True)
    private = baseline_files.private_folder(tmp_path)
    private.mkdir()
    (private / "run.yml").write_text("", encoding="utf-8")

    assert ["digits/lbfgs", "digits/sgd", "poisson-64"] == baseline_files.names(tmp_path)
    assert ["digits/new"] == baseline_files.names(tmp_path, proposed=True)


def test_no_file_lies_beside_the_folder_by_a_hostile_name(tmp_path: Path) -> None:
    for proposed in (False, True):
        with pytest.raises(BadInput, match="is no name of a baseline"):
            baseline_files.path_of(tmp_path / "baselines", "../../etc/x", proposed)


def test_a_file_that_was_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    path = stored_file(tmp_path)
    text = path.read_text(encoding="utf-8")
    ends = [at for at, letter in enumerate(text) if letter == "\n"][:-1]

    for end in (*ends, *range(0, len(text) - 4, 311)):
        path.write_text(text[:end], encoding="utf-8")
        assert refusal(tmp_path)[2].startswith(BACK)


def test_an_entry_is_not_lost_where_the_file_ends_between_two(tmp_path: Path) -> None:
    path = stored_file(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.rindex("- digest")], encoding="utf-8")

    assert "it has been cut short: its last line is not ..." == why_refused(tmp_path)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "it is not UTF-8 text"),
        (Path.mkdir, os.strerror(errno.EISDIR)),
        (os.mkfifo, "it is a pipe, socket or device"),
    ],
)
def test_what_is_no_text_file_is_refused_and_not_waited_for(
    make: Callable[[Path], object], why: str, tmp_path: Path
) -> None:
    path = baseline_files.path_of(tmp_path, "wheel-softmax/subset")
    path.parent.mkdir()
    make(path)

    assert f"PATH cannot be used as a baseline: {why}" == refusal(tmp_path)[0]


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "||||||| base", "=======", ">>>>>>> other"])
def test_conflict_markers_are_named_with_their_line(marker: str, tmp_path: Path) -> None:
    path = stored_file(tmp_path)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:6], marker, *lines[6:], ""]), encoding="utf-8")

    assert "PATH:7 has a conflict marker" == refusal(tmp_path)[0]


@pytest.mark.parametrize(
    ("schema", "why", "fix"),
    [
        ("3", "a newer", "pip install "),
        *((schema, "an older", "rm PATH && mnist-repro baseline record wheel-softmax ") for schema in ("1", "0", "-1")),
    ],
)
def test_other_schemas_are_named(schema: str, why: str, fix: str, tmp_path: Path) -> None:
    path = stored_file(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("schema: 2", f"schema: {schema}"), encoding="utf-8")
    found = refusal(tmp_path)

    assert (f"PATH has schema {schema}, this program reads 2", f"{why} mnist-repro wrote it") == found[:2]
    assert found[2].startswith(fix)


NO_YAML = "it cannot be read as YAML"


DEEP = "it is nested more than 20 levels deep"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "it names no schema; it may have been cut short"),
        ("hello\n", "it names no schema; it may have been cut short"),
        ("- 1\n- 2\n", "it names no schema; it may have been cut short"),
        ("schema: 2\n...\n", "it has no name, kind, entries"),
        ("schema: 2\nname: a\nname: b\n...\n", "'name' comes twice"),
        ("schema: 2\nname: &a [1]\nkind: *a\n...\n", "it refers to something by an alias"),
        ("schema: 2\nname: {[]: 1}\n", NO_YAML),
        ("schema: 2\nname: 2026-13-45\n", NO_YAML),
        ("schema: [1\n", NO_YAML),
        ("schema: 2\nname: \0\n", NO_YAML),
        ("schema: !!python/object/apply:os.system [true]\n", NO_YAML),
        ("schema: &a [*a]\n", "it refers to something by an alias"),
        ("schema: 2\na: " + "[" * 19 + "\n", NO_YAML),
        ("schema: 2\na: " + "[" * 20 + "]" * 20, DEEP),
        ("schema: 2\na: " + "[" * 200_000 + "]" * 200_000, DEEP),
        ("schema: 2\na: " + "{a: " * 200_000 + "\n", DEEP),
        ("schema: 2\na: " + "[\n" * 200_000, DEEP),
        ("- " * 200_000, DEEP),
    ],
    ids=lambda text: text[:30],
)
def test_what_is_no_baseline_at_all_is_refused(text: str, expected: str, tmp_path: Path) -> None:
    stored_file(tmp_path).write_text(text, encoding="utf-8")

    assert expected == why_refused(tmp_path)


def test_a_broken_proposal_may_be_removed(tmp_path: Path) -> None:
    path = baseline_files.write(tmp_path, subset(samples(history=())), proposed=True)
    path.write_text("schema: 2\n", encoding="utf-8")

    with pytest.raises(BadInput) as caught:
        baselines.read_proposed(tmp_path, "wheel-softmax", "subset")
    assert caught.value.fix.startswith(f"rm {path} && mnist-repro baseline record wheel-softmax --rung subset")


def test_a_proposal_under_the_name_of_a_stored_file_is_not_taken_for_accepted(tmp_path: Path) -> None:
    path = baseline_files.write(tmp_path, subset(replace(samples(), history=())), proposed=True)
    path.rename(baseline_files.path_of(tmp_path, "wheel-softmax/subset"))

    assert "entry dataset mnist, arithmetic original has no history: it was not accepted" == why_refused(tmp_path)


WHEEL, OWNER = "wheel-softmax/subset", subset().owner
NEW = samples([0.25, 0.5], history=())


def propose(folder: Path, entry: BaselineEntry) -> Path:
    file = subset() if isinstance(entry, SampleEntry) else fingerprints()
    return baseline_files.propose(folder, file, entry)


def find(folder: Path, file: BaselineFile) -> Optional[baseline_files.Proposal]:
    return baseline_files.find_proposal(folder, file.name, file.kind, OWNER)


def test_a_proposal_replaces_an_earlier_one_of_the_same_key(tmp_path: Path) -> None:
    for entry in (samples(history=()), samples(conditions=SURROGATE, history=()), NEW):
        assert baseline_files.path_of(tmp_path, WHEEL, proposed=True) == propose(tmp_path, entry)

    found = find(tmp_path, subset())
    assert found is not None
    assert [CONDITIONS, SURROGATE] == [entry.conditions for entry in found.proposed.entries]
    assert NEW == found.proposed.entry(CONDITIONS)


def test_a_proposal_is_found_with_what_is_stored(tmp_path: Path) -> None:
    baseline_files.write(tmp_path, subset())
    propose(tmp_path, NEW)

    found = find(tmp_path, subset())

    assert (
        baseline_files.Proposal(subset(), subset(NEW))
        == found
        == baseline_files.find_proposal(tmp_path, WHEEL, "", OWNER)
    )
    assert find(tmp_path, fingerprints()) is None


def test_what_is_accepted_is_stored_and_no_longer_proposed(tmp_path: Path) -> None:
    baseline_files.write(tmp_path, subset())
    propose(tmp_path, NEW)
    propose(tmp_path, fingerprint(history=()))

    lines: List[str] = []
    for found in (find(tmp_path, fingerprints()), find(tmp_path, subset())):
        assert found is not None
        lines += baseline_files.accept(tmp_path, found, "2027-01-01", "a reason")

    ends = ["stored for the first time", "stored; its history has what it replaced"]
    assert ends == [line.rpartition(": ")[2] for line in lines]
    assert [] == baseline_files.names(tmp_path, proposed=True)
    [stored] = baseline_files.read(tmp_path, WHEEL, "samples", OWNER).entries
    assert ["first recording", "a reason"] == [change.reason for change in stored.history]


def test_accepting_what_is_stored_already_changes_nothing(tmp_path: Path) -> None:
    before = baseline_files.write(tmp_path, fingerprints()).read_bytes()
    propose(tmp_path, fingerprint(history=()))
    found = find(tmp_path, fingerprints())

    assert found is not None
    [line] = baseline_files.accept(tmp_path, found, "2027-01-01", "a reason")

    assert line.endswith(": is stored already")
    assert before == baseline_files.path_of(tmp_path, fingerprints().name).read_bytes()
