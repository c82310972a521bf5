"""An emulated machine: Python of Debian 12 and the tested packages, both for aarch64, in a folder. QEMU runs them."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Mapping, Optional, Sequence

from mnist_repro.errors import BadInput
from mnist_repro.files.atomic import UNFINISHED, unwritable

CHECKOUT = Path(__file__).resolve().parents[2]
PYTHON = "3.11"
# C++'s library: packages need it, and Python does not.
DEBS = (f"python{PYTHON}", "libstdc++6")
WHEELS = "aarch64-manylinux_2_28"
REQUIREMENTS, CONSTRAINTS = CHECKOUT / "pyproject.toml", CHECKOUT / "constraints" / "tested.txt"
_LINES_SHOWN = 6


@dataclass(frozen=True)
class Machine:
    """An emulated machine.

    Args:
        folder: has ``root``, the unpacked packages of Debian; ``site``, the packages of Python; and ``uv-cache``.
        cpu: its processor, as QEMU calls it.
    """

    folder: Path
    cpu: str

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "root" / "usr" / "bin" / f"python{PYTHON}"

    @property
    def variables(self) -> Dict[str, str]:
        """The environment variables that its interpreter needs."""
        return {
            "QEMU_LD_PREFIX": str(self.folder / "root"),
            "QEMU_CPU": self.cpu,
            "PYTHONPATH": str(self.folder / "site"),
        }


def find_qemu(cpu: str) -> Path:
    """QEMU's program for aarch64.

    Raises:
        BadInput: it is missing, or does not have the processor; or this machine needs no QEMU.
    """
    if platform.machine() == "aarch64":
        raise BadInput(
            "this machine is aarch64 itself",
            "with QEMU registered for its own programs, it would emulate each of them",
            "run the tests as they are: python -m pytest tests/regression",
        )
    found = next(filter(None, map(shutil.which, ("qemu-aarch64", "qemu-aarch64-static"))), None)
    if found is None:
        raise BadInput(
            "there is no qemu-aarch64 on PATH", "QEMU's user mode emulates the processor", "apt-get install qemu-user"
        )
    # QEMU's user mode prints its processors, and ends with exit code 1.
    known = _output([found, "-cpu", "help"], f"{found} does not run", "apt-get install qemu-user", passes=(0, 1))
    if cpu.partition(",")[0] not in known.split():
        raise BadInput(
            f"{found} cannot emulate {cpu!r}",
            "its list, `qemu-aarch64 -cpu help`, does not have it; QEMU has the A64FX since 6.2",
            "install a newer QEMU, or unset QEMU_CPU",
        )
    return Path(found)


def make(folder: Path, cpu: str) -> Machine:
    """Make a machine, or what it lacks. A part that is there, made of the same packages, stays.

    Raises:
        BadInput: a package cannot be had. Parts that were whole before still are.
    """
    machine = Machine(folder.resolve(), cpu)
    _once(machine.folder / "root", " ".join(DEBS), _unpack_debs)
    wanted = "".join(file.read_text(encoding="utf-8") for file in (REQUIREMENTS, CONSTRAINTS))
    _once(machine.folder / "site", f"{WHEELS}\n{wanted}", _install_wheels)
    return machine


def require_start(machine: Machine) -> None:
    """Make sure that the machine's Python starts as any program, and is aarch64.

    Raises:
        BadInput: it does not.
    """
    what = f"{machine.python} does not run on an emulated {machine.cpu}"
    fix = f"remove {machine.folder}, then type the command again"
    said = _output(
        [str(machine.python), "-c", "import platform; print(platform.machine())"], what, fix, machine.variables
    )
    if said.strip() != "aarch64":
        raise BadInput(what, f"it says that its machine is {said.strip()!r}", fix)


def _once(target: Path, made_of: str, fill: Callable[[Path], None]) -> None:
    """Fill a folder, unless it was filled for the same request. It appears whole, or not at all."""
    stamp = target.with_name(f"{target.name}.made-of")
    if target.is_dir() and stamp.is_file() and stamp.read_text(encoding="utf-8") == made_of:
        return
    unfinished = target.with_name(f"{UNFINISHED}{target.name}")
    shutil.rmtree(unfinished, ignore_errors=True)  # of a killed process
    try:
        unfinished.mkdir()
        fill(unfinished)
        shutil.rmtree(target, ignore_errors=True)
        unfinished.rename(target)
        stamp.write_text(made_of, encoding="utf-8")
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _unpack_debs(root: Path) -> None:
    """Download packages of Debian with all that they depend on, by an apt that leaves this system's alone."""
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise BadInput(
                f"there is no {program} on PATH",
                "Python for aarch64 comes from Debian's packages",
                "use a Debian 12 or a container of it",
            )
    apt = root / "apt"
    for name in ("state/lists/partial", "cache/archives/partial"):
        (apt / name).mkdir(parents=True)
    settings = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "root",
        "APT::Update::Error-Mode": "any",
        "Dir::State": apt / "state",
        "Dir::State::status": "/dev/null",
        "Dir::Cache": apt / "cache",
    }
    command = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in settings.items())]
    what = f"{' and '.join(DEBS)} for aarch64 cannot be had"
    fix = "look at the network, and whether apt's sources are those of Debian 12; then type the command again"
    _output([*command, "update"], what, fix)
    _output([*command, "install", "--yes", "--download-only", "--no-install-recommends", *DEBS], what, fix)
    for deb in sorted((apt / "cache" / "archives").glob("*.deb")):
        _output(["dpkg-deb", "--extract", str(deb), str(root)], f"{deb.name} cannot be unpacked", "look at the disk")
    shutil.rmtree(apt)


def _install_wheels(site: Path) -> None:
    """Install what the tests need, TensorFlow included, for aarch64. uv evaluates markers for that machine."""
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", sys.executable]
    command += ["--target", str(site), "--python-platform", WHEELS, "--python-version", PYTHON]
    command += ["--only-binary", ":all:", "--compile-bytecode"]
    command += ["--requirements", str(REQUIREMENTS), "--extra", "test", "--constraints", str(CONSTRAINTS)]
    _output(
        command,
        f"the packages of {CONSTRAINTS.relative_to(CHECKOUT)} for aarch64 cannot be had",
        "look at the network; if a package has no wheel for aarch64, another version in constraints/tested.in may have "
        "one: tox run -e constraints; then type the command again",
        {"UV_CACHE_DIR": str(site.parent / "uv-cache"), "UV_PYTHON_DOWNLOADS": "never"},
    )


def _output(
    command: Sequence[str],
    what: str,
    fix: str,
    variables: Optional[Mapping[str, str]] = None,
    passes: Sequence[int] = (0,),
) -> str:
    """What a command prints.

    Raises:
        BadInput: it does not start, or fails; ``what`` and ``fix`` are for its message.
    """
    try:
        ended = subprocess.run(
            command,
            env={**os.environ, "LC_ALL": "C.UTF-8", **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise BadInput(what, f"{command[0]}: {error.strerror}", fix) from error
    if ended.returncode not in passes:
        last = [line.strip() for line in ended.stdout.splitlines() if line.strip()][-_LINES_SHOWN:]
        ended_so = f"{Path(command[0]).name} ended with exit code {ended.returncode}"
        raise BadInput(what, "\n    ".join((f"{ended_so}; its last words were:", *last)) if last else ended_so, fix)
    return ended.stdout
