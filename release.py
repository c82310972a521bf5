"""Checks that this commit can be released, and builds it: `tox run -e release`. It tags nothing and uploads nothing.

`python release.py fold` moves the fragments of changes/ into the section of this version in CHANGELOG.md.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from subprocess import PIPE, STDOUT
from typing import Dict, List

ROOT = Path(__file__).resolve().parent
CHANGELOG, FRAGMENTS, PASSED = ROOT / "CHANGELOG.md", ROOT / "changes", ROOT / ".tox" / "passed"


def require(good: object, what: str, why: str, fix: str) -> None:
    """End with exit code 1 and a message, unless ``good`` is true."""
    if not good:
        raise SystemExit(f"release.py: {what}\n  why: {why}\n  next: {fix}")


def run(*command: str, **variables: str) -> str:
    """The output of a command; a command that fails ends the script."""
    env = {**os.environ, **variables}
    ended = subprocess.run(command, cwd=ROOT, env=env, stdout=PIPE, stderr=STDOUT, text=True, check=False)
    typed = " ".join(map(shlex.quote, command))
    end = "\n".join(ended.stdout.strip().splitlines()[-20:])
    require(ended.returncode == 0, f"{typed}: exit code {ended.returncode}", end, "correct it, then type this again")
    return ended.stdout.strip()


def version() -> str:
    """The version of this checkout, the same in every place that has one."""
    files = ("mnist_repro/__init__.py", "pjm/__init__.py", "CITATION.cff")
    line = re.compile(r"^(?:version: |__version__ = \")(\d+\.\d+\.\d+)\"?$", re.MULTILINE)
    found = {file: " and ".join(line.findall((ROOT / file).read_text(encoding="utf-8"))) for file in files}
    first = found[files[0]]
    same = first and {first} == set(found.values())
    require(same, f"the versions differ: {found}", "one release has one version", "write the same in each file")
    return first


def fragments() -> List[Path]:
    """What CHANGELOG.md does not say yet."""
    return sorted(FRAGMENTS.glob("*.md"))


def require_ready(release: str) -> str:
    """The commit to release, if branch, tree, tags, change log and `.ci/run` are ready for it."""
    branch, commit = run("git", "branch", "--show-current"), run("git", "rev-parse", "HEAD")
    require(branch == "main", f"the branch is {branch or 'none'}", "releases are made from main", "git switch main")
    changed = run("git", "status", "--porcelain")
    require(not changed, f"the tree is not clean:\n{changed}", "a commit is released", "commit it, or remove it")
    tag = run("git", "tag", "--list", f"v{release}")
    later = "raise the version in mnist_repro/__init__.py, pjm/__init__.py and CITATION.cff"
    require(not tag, f"the tag v{release} exists", "a version is released once", later)
    left = ", ".join(file.name for file in fragments())
    require(not left, f"changes/ has fragments: {left}", "they are in no section yet", "python release.py fold")
    dated = re.search(
        rf"^## {re.escape(release)} \(\d{{4}}-\d\d-\d\d\)$", CHANGELOG.read_text(encoding="utf-8"), re.MULTILINE
    )
    command = f"towncrier build --version {release}"
    require(dated, f"CHANGELOG.md has no section '## {release} (YYYY-MM-DD)'", "users read what has changed", command)
    passed = PASSED.read_text(encoding="utf-8").strip() if PASSED.exists() else "no commit"
    why = ".ci/run writes there the commit that it passed for, README's blocks and their figures included"
    require(passed == commit, f".tox/passed has {passed} and not {commit}", why, ".ci/run")
    return commit


def build_twice(commit: str, target: Path) -> Dict[str, str]:
    """Build sdist and wheel in two clones, put them into ``target``, and return the SHA-256 of each by its name."""
    time = run("git", "show", "--no-patch", "--format=%ct", commit)
    hashes: List[Dict[str, str]] = []
    for name, zone in (("one", "UTC"), ("another/clone", "Asia/Tokyo")):
        with tempfile.TemporaryDirectory() as temporary:
            clone, dist = Path(temporary) / name, Path(temporary) / "dist"
            run("git", "clone", "--quiet", "--no-local", str(ROOT), str(clone))
            run("git", "-C", str(clone), "checkout", "--quiet", "--detach", commit)
            build = (sys.executable, "-m", "build", "--no-isolation", "--outdir", str(dist), str(clone))
            run(*build, SOURCE_DATE_EPOCH=time, TZ=zone)
            hashes.append({file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(dist.iterdir())})
            target.mkdir(parents=True, exist_ok=True)
            for file in dist.iterdir():
                shutil.copy2(str(file), str(target))
    differ = f"two builds of {commit} differ: {hashes[0]} and {hashes[1]}"
    require(hashes[0] == hashes[1], differ, "nobody could check such a release", "see reproducible_build.py")
    return hashes[0]


def require_installs(wheel: Path, release: str) -> None:
    """End the script unless the wheel, installed in an environment of its own, says this version."""
    with tempfile.TemporaryDirectory() as home:
        run(sys.executable, "-m", "venv", home)
        run(f"{home}/bin/python", "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel))
        said = run(f"{home}/bin/mnist-repro", "--version")
    right = said == f"mnist-repro {release}"
    require(right, f"the wheel says {said}", f"mnist-repro {release} was expected", "look at mnist_repro/__init__.py")


def fold(release: str) -> None:
    """Put every fragment at the head of its part of this version's section, and remove the files."""
    text = CHANGELOG.read_text(encoding="utf-8")
    for file in fragments():
        heading = f"### {file.name.split('.')[1].capitalize()}"
        part = rf"\n## {re.escape(release)} \((?:(?!\n## ).)*?\n{re.escape(heading)}\n\n"
        place = re.search(part, text, re.DOTALL)
        what = f"the section {release} of CHANGELOG.md has no part '{heading}', where changes/{file.name} belongs"
        command = f"write that heading and an empty line; a whole section: towncrier build --version {release}"
        require(place, what, "a fragment is folded into the part of its kind", command)
        at = place.end() if place else 0
        said = file.read_text(encoding="utf-8").strip().replace("\n", "\n  ")
        text = f"{text[:at]}- {said}\n{text[at:]}"
    CHANGELOG.write_text(text, encoding="utf-8")
    for file in fragments():
        file.unlink()


def main() -> None:
    """What is typed."""
    release = version()
    if sys.argv[1:] == ["fold"]:
        fold(release)
        return
    commit, dist = require_ready(release), ROOT / "dist"
    print(f"release.py: {release}, commit {commit}: building it twice", flush=True)
    built = build_twice(commit, dist)
    files = [str(dist / name) for name in built]
    run(sys.executable, "-m", "twine", "check", "--strict", *files)
    require_installs(next(dist / name for name in built if name.endswith(".whl")), release)
    print("\n".join(f"{digest}  dist/{name}" for name, digest in built.items()))
    print("Both builds have these bytes. Nothing is tagged or uploaded yet. Type:")
    print(f"  git tag --annotate v{release} --message 'mnist-repro {release}' {commit}\n  git push origin v{release}")
    print(f"  {sys.executable} -m twine upload {' '.join(map(shlex.quote, files))}")


if __name__ == "__main__":
    main()
