"""The command pjsub, which submits jobs. Source: Command Reference, pages 81-109."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from pjm.emulator.commands import request, submission
from pjm.emulator.commands.directives import PREFIX, directives
from pjm.emulator.commands.getopt import Given, scan
from pjm.emulator.machine import times
from pjm.emulator.machine.context import Context
from pjm.emulator.machine.messages import Refusal, Wrapped, said
from pjm.emulator.running import steps

USAGE = (
    "Usage: pjsub [options] [script]\n       pjsub --bulk --sparam START-END | --step [--sparam ...] [options] [script]"
)
LONGEST_PATH = 4096
# Patterns for the options with few possible values.
WORDS = {"wait": "nowait|jobchk", "net-route": "dynamic|static", "mail": "[bersS](,?[bersS])*"}
VOLUME = re.compile(r"/vol\d{4}\Z")


class Asked(NamedTuple):
    """One script of a submission, with its options.

    Attributes:
        path: path as the user wrote it; None for standard input.
        text: content of the script.
        options: options of the script and of the command line, merged.
    """

    path: Optional[str]
    text: bytes
    options: request.Merged


def run(context: Context, words: Sequence[str]) -> int:
    """Submit what the command line says."""
    line, names = scan(words, request.KNOWN)
    if any(name == "help" for name, _ in line):
        print(USAGE)
        return 0
    scripts = [_read(path, line) for path in _scripts(line, names)]
    for script in scripts:
        _check(script, context)
    parent: Optional[int] = None
    for script in scripts:
        parent = _submit(script, context, parent)
    return 0


def _scripts(line: Sequence[Given], names: Sequence[str]) -> List[Optional[str]]:
    if not names:
        return [None]
    if any(name == "step" for name, _ in line):
        delimiter = next((value for name, value in reversed(line) if name == "script-delimiter"), ",")
        split = names if delimiter == "none" else [part for name in names for part in name.split(delimiter)]
        return [part for part in split if part]
    if len(names) > 1:
        raise Refusal("23")
    return [names[0]]


def _read(path: Optional[str], line: Sequence[Given]) -> Asked:
    if path is not None and len(os.fsencode(path)) > LONGEST_PATH:
        raise Refusal("21")
    try:
        text = sys.stdin.buffer.read() if path is None else Path(path).read_bytes()
    except OSError as error:
        raise Refusal("20", f"{path} ({error.errno})") from error
    prefix = next((value for name, value in reversed(line) if name == "prefix"), PREFIX)
    if len(prefix) > request.LONGEST_NAME:
        raise Refusal("04", f"-C {prefix}")
    # Values for `${V}` in the script: `pjsub --vset "V=x" job.sh`.
    given = request.merged((), [option for option in line if option[0] == "vset"]).keyed.get("vset")
    words, warnings = directives(text.decode("utf-8", "surrogateescape"), prefix, path or "STDIN", given)
    for warning in warnings:
        print(said("WARN", "0024", "pjsub", warning), file=sys.stderr)
    options, others = scan(words, request.KNOWN)
    if others:
        raise Refusal("09", others[0])
    return Asked(path, text, request.merged(options, line))


def _check(asked: Asked, context: Context) -> None:
    """Check everything but the machine's limits. An error in one of several scripts refuses all of them."""
    options = asked.options
    for model in ("interact", "mswk"):
        if options.has(model):
            raise Refusal("89", f"--{model} (emulator)")
    if options.has("bulk"):
        request.bulk_range(options)
    if options.has("step"):
        sparam = options.keyed.get("sparam", {})
        if "jid" in sparam and "jnam" in sparam:
            raise Refusal("02", "'jid' and 'jnam'")
        for key, value in sparam.items():
            if key not in ("jid", "jnam", "sn", "sd") or (key in ("jid", "sn") and not value.isdigit()):
                raise Refusal("04", f"--sparam {key}={value}")
        for text in options.dependencies:
            steps.dependency(text)
    elif options.has("sparam") and not options.has("bulk"):
        raise Refusal("02", "'--sparam' without '--bulk' or '--step'")
    if options.has("spath") and not (options.has("stats") or options.has("STATS")):
        raise Refusal("02", "'--spath' without '-s' or '-S'")
    request.job_name(options, asked.path)
    _check_values(options.single)
    for key in request.ON_OR_OFF:
        value = options.keyed.get("llio", {}).get(key, "on")
        if value not in ("on", "off"):
            raise Refusal("03", f"--llio {key}={value}")
    _check_volumes(options, context)


def _check_values(single: Dict[str, str]) -> None:
    priority = single.get("priority", "127")
    if not priority.isdigit() or int(priority) > 255:
        raise Refusal("04", f"-p {priority}")
    for name, fits in WORDS.items():
        if name in single and not re.fullmatch(fits, single[name]):
            raise Refusal("03", f"{request.spelt(name)} {single[name]}")
    for name, longest in (("comment", 255), ("fs", 63), ("appname", 63)):
        if len(single.get(name, "").encode("utf-8", "replace")) > longest:
            raise Refusal("04", f"--{name} {single[name]}")
    if "at" in single:
        moment = times.day(single["at"])
        if moment is None:
            raise Refusal("04", f"--at {single['at']}")
        if moment < time.time() - 60:
            raise Refusal("56", single["at"])


def _check_volumes(options: request.Merged, context: Context) -> None:
    volumes = options.keyed.get("env", {}).get("PJM_LLIO_GFSCACHE")
    for volume in (volumes or "").split(":"):
        if volume and not VOLUME.match(volume):
            raise Refusal("45", volume)
    if context.settings.check_gfscache and not volumes and not options.has("no-check-gfscache"):
        raise Wrapped(
            "If you use Spack, set PJM_LLIO_GFSCACHE to /vol0004.(ex. pjsub -x PJM_LLIO_GFSCACHE=/vol0004)\n"
            "Specify --no-check-gfscache option if you do not want to use Spack and want to submit jobs."
        )
    area = context.settings.check_directory
    if area and not str(Path.cwd()).startswith(area) and not options.has("no-check-directory"):
        raise Wrapped(
            f"The current directory is not a data area. (directory: {Path.cwd()})\n"
            "Specify --no-check-directory option if you want to submit jobs outside the data area."
        )


def _check_permission(options: request.Merged, denied: str) -> None:
    # The details were recorded for batch and bulk jobs; that for step jobs is like the latter.
    details = {"batch": "pjsub batch", "bulk": "pjsub-bulk", "step": "pjsub-step"}
    for word, detail in details.items():
        if word in denied.split() and (word == "batch" or options.has(word)):
            raise Refusal("70", f": {detail}")


def _submit(asked: Asked, context: Context, parent: Optional[int]) -> int:
    options = asked.options
    try:
        cwd = str(Path.cwd())
    except OSError as error:
        raise Refusal("26") from error
    if "\n" in cwd:
        raise Refusal("27")
    wanted = request.resources(options.keyed.get("rsc", {}), context.settings)
    _check_permission(options, context.settings.groups[wanted.rscgrp].denied)
    request.check_mpi(options.keyed.get("mpi", {}), wanted)
    request.check_llio(options.keyed.get("llio", {}))
    new = submission.New(request.job_name(options, asked.path), cwd, asked.text, options, wanted)
    ids = submission.accept(context, new, parent)
    context.submitted.extend(ids)
    context.folder.ring()
    for warning in request.warnings(wanted):
        print(warning)
    _answer(options, ids)
    return int(re.split(r"[_\[]", ids[0])[0])


def _answer(options: request.Merged, ids: Tuple[str, ...]) -> None:
    if not options.has("quiet"):
        print(said("INFO", "0000", "pjsub", f"Job {ids[0]} submitted."))
    elif options.single["quiet"] == "jid":
        print(ids[0])
    sys.stdout.flush()
