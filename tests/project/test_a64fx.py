"""The script behind `tox run -e a64fx`, with programs that stand for QEMU, mount, apt-get, dpkg-deb and uv."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

from mnist_repro.files import locks
from mnist_repro.gate import comparison as comparisons
from mnist_repro.gate.baselines.values import BaselineFile, FingerprintEntry
from mnist_repro.gate.comparison import Comparison
from mnist_repro.gate.verdicts import Finding, Judgement, Verdict
from tests.a64fx import binfmt, machine, table
from tests.a64fx.__main__ import main
from tests.builders.made_up_baselines import CONDITIONS, fingerprint
from tests.builders.processes import said_at_start, until

ROOT = Path(__file__).resolve().parents[2]
QEMU = "echo 'Available CPUs:'; echo '  a64fx'; echo '  neoverse-n1'; exit 1"
# What it takes away is kept beside it.
UMOUNT = '/bin/mv "$1/register" "$1/../told"; /bin/rm "$1/status"'
MOUNT = 'shift 3; : >"$1/register"; : >"$1/status"'
# Each call makes a package, and notes where.
APT = """
for word; do case "$word" in -oDir::Cache=*) cache="${word#-oDir::Cache=}" ;; esac; done
case "$*" in *install*) : >"$cache/archives/python3.11_3.11.2_arm64.deb" ;; esac
"""
# The emulated Python, as the package has it: it says what it is, and then what it was called with.
PYTHON = """#!/bin/sh
case "$2" in *platform.machine*) echo aarch64; exit ;; esac
echo "$QEMU_CPU $PYTHONPATH $*"
exit 7
"""
DPKG = f"""
/bin/mkdir -p "$3/usr/bin"
/bin/cat >"$3/usr/bin/python3.11" <<'END'
{PYTHON}END
/bin/chmod +x "$3/usr/bin/python3.11"
"""
# uv and pytest are modules of the client's Python.
UV = """
case "$2" in
pytest)
    for word; do
        case "$word" in --gate-report=*) /bin/mkdir "${word#*=}"; /bin/cp "$0.json" "${word#*=}/gate.json" ;; esac
    done
    case "$*" in *"$FAILS"*) exit 1 ;; esac
    exit ;;
esac
while [ "$1" != --target ]; do shift; done
: >"$2/tensorflow.py"
"""
ENTRY = f"enabled\ninterpreter /usr/bin/qemu-aarch64\nflags: \noffset 0\nmagic {binfmt.MAGIC.hex()}\n"
PROGRAMS = {"qemu-aarch64": QEMU, "mount": MOUNT, "umount": UMOUNT, "apt-get": APT, "dpkg-deb": DPKG}
# `scene` has another in its place.
INTERPRETER = sys.executable


@dataclass(frozen=True)
class Scene:
    """A system with made-up programs only, and the folder of the machine that is to be made."""

    folder: Path

    @property
    def machine(self) -> Path:
        return self.folder / "machine"

    @property
    def binfmt(self) -> Path:
        return self.folder / "binfmt"

    def program(self, name: str, text: str) -> Path:
        path = self.folder / "programs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.folder}/calls\n{text}\n', encoding="utf-8")
        path.chmod(0o755)
        return path

    def without(self, *names: str) -> None:
        for name in names:
            (self.folder / "programs" / name).unlink()

    def calls(self) -> List[str]:
        """The names of the programs that were called."""
        path = self.folder / "calls"
        return [line.split()[0] for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    @property
    def entry(self) -> Path:
        """The entry that this process makes."""
        return self.binfmt / f"{binfmt.OURS}{os.getpid()}"

    def left(self) -> List[str]:
        """What is in the folder of the machine."""
        return sorted(path.name for path in self.machine.glob("*"))


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Everything is there, and the user is root."""
    made = Scene(tmp_path)
    for name, text in PROGRAMS.items():
        made.program(name, text)
    made.binfmt.mkdir()
    monkeypatch.setattr(binfmt, "FOLDER", made.binfmt)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr("sys.executable", str(made.program("uv", UV)))
    monkeypatch.setattr("signal.signal", lambda *arguments: None)
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    monkeypatch.delenv("QEMU_CPU", raising=False)
    return made


def refused(scene: Scene, capfd: pytest.CaptureFixture[str]) -> Tuple[str, str, str]:
    """The three parts of the message with which the script refuses."""
    assert 2 == main([str(scene.machine), "check"])
    found = re.fullmatch(r"a64fx: (.+)\n  why: (.+)\n  next: (.+)\n", capfd.readouterr().err, re.DOTALL)
    assert found is not None
    return found[1], found[2], found[3]


def test_without_qemu(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    scene.without("qemu-aarch64")

    what, _, fix = refused(scene, capfd)

    assert "there is no qemu-aarch64 on PATH" == what
    assert "apt-get install qemu-user" == fix
    assert [] == scene.left() == scene.calls()


def test_a_qemu_without_the_processor(
    scene: Scene, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QEMU_CPU", "z80")

    assert "cannot emulate 'z80'" in refused(scene, capfd)[0]
    assert ["qemu-aarch64"] == scene.calls()


def test_a_machine_that_is_aarch64_itself(
    scene: Scene, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")

    assert "this machine is aarch64 itself" == refused(scene, capfd)[0]
    assert [] == scene.calls()


def test_without_root(scene: Scene, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    what, why, fix = refused(scene, capfd)

    assert "aarch64 programs do not start here" == what
    assert "only root may make one" in why
    assert "apt-get install qemu-user-binfmt" in fix
    assert [] == scene.left()
    assert [] == list(scene.binfmt.iterdir())


def test_a_kernel_without_binfmt_misc(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    scene.program("mount", "echo \"mount: unknown filesystem type 'binfmt_misc'.\"; exit 32")

    what, why, fix = refused(scene, capfd)

    assert f"QEMU cannot be registered in {scene.binfmt}" == what
    assert "unknown filesystem type 'binfmt_misc'" in why
    assert "modprobe binfmt_misc" in fix
    assert [] == scene.left()
    assert [] == list(scene.binfmt.iterdir())


@pytest.mark.parametrize("broken", ["apt-get", "dpkg-deb"])
def test_without_network(scene: Scene, capfd: pytest.CaptureFixture[str], broken: str) -> None:
    scene.program(broken, "echo 'E: Temporary failure resolving the mirror'; exit 100")

    what, why, fix = refused(scene, capfd)

    assert "cannot be" in what
    assert "E: Temporary failure resolving the mirror" in why
    assert "look at the" in fix
    assert [] == scene.left()
    # The kernel removes an entry that this is written into.
    assert [scene.entry] == list(scene.binfmt.iterdir())
    assert "-1" == scene.entry.read_text(encoding="ascii")


def test_a_wheel_that_is_missing(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    scene.program("uv", "echo 'Because tensorflow==2.21.0 has no wheels with a matching platform tag'; exit 1")

    what, why, fix = refused(scene, capfd)

    assert "the packages of constraints/tested.txt for aarch64 cannot be had" == what
    assert "no wheels with a matching platform tag" in why
    assert "tox run -e constraints" in fix
    # What was whole before stays, for the next time.
    assert ["root", "root.made-of"] == scene.left()
    assert [scene.entry] == list(scene.binfmt.iterdir())


def test_a_folder_that_cannot_be_made(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    (scene.folder / "file").touch()

    assert 2 == main([str(scene.folder / "file" / "machine"), "check"])
    assert "cannot write" in capfd.readouterr().err
    assert [scene.entry] == list(scene.binfmt.iterdir())


def test_two_sessions_at_once(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    scene.machine.mkdir()
    other = os.open(str(scene.machine), os.O_RDONLY)
    assert locks.try_lock(other)

    assert f"another process uses {scene.machine}" == refused(scene, capfd)[0]
    assert [] == scene.left()
    os.close(other)


@pytest.mark.parametrize(
    ("fails", "code"), [("nothing", 0), ("fingerprint", 1), ("test_wheel_workflow.py", 1), ("test_outcomes.py", 1)]
)
def test_a_check_runs_three_sessions_and_passes_only_with_all_of_them(
    scene: Scene, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, fails: str, code: int
) -> None:
    monkeypatch.setenv("FAILS", fails)
    gate_json = Path(f"{sys.executable}.json")
    gate_json.write_text(json.dumps(gate(vgg7=Judgement((), ("none is stored",)))), encoding="utf-8")

    assert code == main([str(scene.machine), "check", "vgg7"])
    *_, row, _, fingerprints, workflow, outcomes, minutes = capfd.readouterr().out.splitlines()
    assert ["vgg7", "none", "none is stored"] == re.split(r" {2,}", row.strip())[:3]
    said = [line.partition(": ")[2] for line in (fingerprints, workflow, outcomes)]
    assert ["passed"] * (3 - code) + ["FAILED, exit code 1"] * code == sorted(said, reverse=True)
    assert "0 min" == minutes
    calls = (scene.folder / "calls").read_text(encoding="utf-8")
    assert "test_against_baselines.py::test_recipe[vgg7-fingerprint]" in calls
    assert f"--fugaku --fugaku-emulate --fugaku-python={scene.machine}/root/usr/bin/python3.11" in calls


def test_a_machine_is_made_once(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    assert 7 == main([str(scene.machine), "python", "-m", "mnist_repro", "--version"])
    first = scene.calls()
    assert 7 == main([str(scene.machine), "python", "-c", ""])
    second = scene.calls()[len(first) :]

    said = capfd.readouterr().out.splitlines()
    site = scene.machine / "site"
    assert [f"a64fx {site} -m mnist_repro --version", f"a64fx {site} -c "] == said
    assert ["qemu-aarch64", "mount", "apt-get", "apt-get", "dpkg-deb", "uv", "umount"] == first
    assert ["qemu-aarch64", "mount", "umount"] == second
    assert ["root", "root.made-of", "site", "site.made-of"] == scene.left()
    assert ["usr"] == [path.name for path in (scene.machine / "root").iterdir()]


def test_other_constraints_make_the_packages_anew(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    main([str(scene.machine), "python", "-c", ""])
    (scene.machine / "site" / "left over").touch()
    other = scene.folder / "tested.txt"
    other.write_text("tensorflow==2.22.0\n", encoding="utf-8")
    monkeypatch.setattr(machine, "CONSTRAINTS", other)
    monkeypatch.setattr(machine, "CHECKOUT", scene.folder)
    before = scene.calls()

    main([str(scene.machine), "python", "-c", ""])

    assert ["uv"] == [name for name in scene.calls()[len(before) :] if name in ("uv", "apt-get")]
    assert not (scene.machine / "site" / "left over").exists()


def test_what_the_kernel_is_told(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    main([str(scene.machine), "python", "-c", ""])

    _, name, kind, offset, magic, mask, interpreter, flags = (
        (scene.folder / "told").read_text(encoding="ascii").split(":")
    )
    assert (f"{binfmt.OURS}{os.getpid()}", "M", "", "") == (name, kind, offset, flags)
    assert str(scene.folder / "programs" / "qemu-aarch64") == interpreter
    header = bytes.fromhex(magic.replace("\\x", ""))
    assert (b"\x7fELF", 183) == (header[:4], int.from_bytes(header[18:20], "little"))
    assert len(header) == len(bytes.fromhex(mask.replace("\\x", "")))


def test_an_entry_of_the_system_is_used_and_stays(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    entry = scene.binfmt / "qemu-aarch64"
    entry.write_text(ENTRY, encoding="ascii")

    assert 7 == main([str(scene.machine), "python", "-c", ""])
    assert [entry] == list(scene.binfmt.iterdir())
    assert ENTRY == entry.read_text(encoding="ascii")
    assert not {"mount", "umount"} & set(scene.calls())


def test_an_entry_that_is_disabled_is_of_no_use(
    scene: Scene, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    (scene.binfmt / "qemu-aarch64").write_text(ENTRY.replace("enabled", "disabled"), encoding="ascii")

    assert "aarch64 programs do not start here" == refused(scene, capfd)[0]


def test_entries_of_killed_sessions_go_and_those_of_others_stay(scene: Scene) -> None:
    ended = subprocess.Popen(["/bin/true"])
    ended.wait()
    alive, dead = (scene.binfmt / f"{binfmt.OURS}{process}" for process in (os.getppid(), ended.pid))
    for entry in (alive, dead):
        entry.write_text(ENTRY, encoding="ascii")

    main([str(scene.machine), "python", "-c", ""])

    assert [ENTRY, "-1"] == [entry.read_text(encoding="ascii") for entry in (alive, dead)]
    # This session has an entry of its own, in case that the other ends first, which still needs the mount.
    assert (scene.binfmt / "register").read_text(encoding="ascii").startswith(f":{scene.entry.name}:")
    assert "umount" not in scene.calls()


def test_a_session_that_is_ended_leaves_neither_process_nor_entry(scene: Scene) -> None:
    scene.program("dpkg-deb", DPKG.replace('echo "$QEMU_CPU', 'echo $$ >started; exec /bin/sleep 600; echo "$QEMU'))
    program = (
        "import os, platform, sys; from pathlib import Path\n"
        "os.geteuid = lambda: 0; platform.machine = lambda: 'x86_64'\n"
        "from tests.a64fx import __main__, binfmt, machine\n"
        f"binfmt.FOLDER = Path({str(scene.binfmt)!r}); sys.executable = {sys.executable!r}\n"
        f"__main__.CHECKOUT = Path({str(scene.folder)!r})\n"
        f"sys.exit(__main__.main([{str(scene.machine)!r}, 'python', '-c', '']))"
    )
    session = subprocess.Popen([INTERPRETER, "-c", program], cwd=str(ROOT))
    started = scene.folder / "started"
    until(lambda: started.exists() and started.read_text(encoding="ascii"))

    session.send_signal(signal.SIGTERM)

    assert 130 == session.wait(60)
    # Another process may have the number by now.
    assert b"sleep" not in said_at_start(int(started.read_text(encoding="ascii")))
    assert "-1" == (scene.binfmt / f"{binfmt.OURS}{session.pid}").read_text(encoding="ascii")
    assert not (scene.binfmt / "register").exists()


# --- The table ------------------------------------------------------------------------------------------------------

AARCH64 = "aarch64, TensorFlow 2.21, Keras 3.15"
THERE = {"machine": "aarch64", "platform": AARCH64}
NEAR = {"loss of step 1": 2.5, "loss of step 2": 2.250001}


def gate(**judgements: Judgement) -> Dict[str, Any]:
    """gate.json of a session that took fingerprints."""
    taken = {
        name: Comparison(f"{name}/fingerprint", "fingerprint", judgement, CONDITIONS, {}, THERE)
        for name, judgement in judgements.items()
    }
    return {
        "subjects": {name: {"comparisons": [comparisons.as_fields(comparison)]} for name, comparison in taken.items()}
    }


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([fingerprint(), fingerprint(platform=AARCH64, losses=NEAR)], "4.4e-07 (loss of step 2)  2e-06"),
        ([fingerprint(), fingerprint(platform=AARCH64, exact={"steps": 1})], "counts or checksums differ  2e-06"),
        ([fingerprint(), fingerprint(platform=AARCH64, losses={"loss of step 1": 2.5})], "not the same losses  2e-06"),
        ([fingerprint()], "none stored"),
    ],
)
def test_a_row_says_how_far_what_is_stored_is_apart(entries: List[FingerprintEntry], expected: str) -> None:
    finding = Finding("close values", Verdict.EQUIVALENT, "2 values within 2.0e-06, every value the same")
    stored = {"vgg7": BaselineFile("vgg7", "fingerprint", tuple(entries))}

    *_, row = table.fingerprints(gate(vgg7=Judgement((finding,))), ["vgg7"], stored).splitlines()

    assert f"vgg7  equivalent  {finding.reason}  {expected}" == re.sub(r" {3,}", "  ", row).strip()


def test_a_row_without_a_verdict_says_why() -> None:
    stored = {name: BaselineFile(name, "fingerprint", (fingerprint(),)) for name in ("vgg7", "tf-cnn")}

    *_, noted, missing = table.fingerprints(
        gate(vgg7=Judgement((), ("no fingerprint is stored",))), ["vgg7", "tf-cnn"], stored
    ).splitlines()

    assert ["vgg7", "none", "no fingerprint is stored", "none stored"] == re.split(r" {2,}", noted.strip())
    assert ["tf-cnn", "none", "its test did not come so far"] == re.split(r" {2,}", missing.strip())
