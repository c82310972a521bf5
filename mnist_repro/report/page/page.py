"""Makes the page from the document: one HTML file that contains its style, script, pictures and figures.

`write` writes both into a folder, and never replaces a page of another program.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import asdict
from importlib import import_module
from itertools import count, groupby
from pathlib import Path
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple

from mnist_repro.errors import BadInput
from mnist_repro.files.atomic import another_folder, replacing_together
from mnist_repro.files.json import json_text
from mnist_repro.report.page import figures, words
from mnist_repro.report.page.glance import (
    PASSING,
    WITHOUT_BASELINE,
    Answer,
    Judged,
    answers,
    distinctions,
    drift_table,
    facts,
    glance,
    in_order,
    made_with,
    mean_test_loss,
    shared_facts,
    unexplained,
)
from mnist_repro.report.page.numbers import as_printed, drawable, number, numbers, settled, spread
from mnist_repro.report.page.strip import MOST_POINTS, strip
from mnist_repro.report.values import Document, Group, Point

PAGE, DOCUMENT = "index.html", "report.json"
# The title in the head of every page that any version has made.
_TITLE = re.compile(b"<title>[^<]* mnist-repro</title>")
_HEAD = 1 << 12
_TEMPLATES = Path(__file__).with_name("templates")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::[\d.]+)?(?:Z|\+00:00)")
_COMMIT = re.compile("([0-9a-f]{12})[0-9a-f]{28}(-dirty)?")
# What a text in CSS may not hold here: recipes from outside have any name.
_NOT_PLAIN = re.compile(r"[^\w .,:-]")
# Number of rows of a table that are shown before the reader opens the rest.
PAIRS_SHOWN = 12


def render(document: Document) -> str:
    """The page of a document.

    Raises:
        BadInput: Jinja2 or matplotlib is missing.
    """
    figures.require_drawing()
    style, script = text_of("page.css"), text_of("page.js")
    style += _running_titles(document)
    environment = _environment()
    blocks = glance(document)
    text: str = environment.get_template("page.html").render(
        document=document,
        style=markup(style),
        script=markup(script),
        policy=policy(style, script),
        blocks=blocks,
        answers=answers(blocks),
        made_with=made_with(document),
        shared=shared_facts(document.groups),
        histories=in_order(document.history),
        drift=drift_table(document.groups),
        distinctions=distinctions(document.groups),
        facts=facts,
        commit=commit,
        pairs_shown=PAIRS_SHOWN,
    )
    return text


def _running_titles(document: Document) -> str:
    """On paper each recipe begins a page, which has its name at the top."""
    made = f"mnist-repro {document.version}, {when(document.made)}"
    return f'@page {{ @top-right {{ content: "{_NOT_PLAIN.sub("", made)}"; }} }}\n' + "".join(
        f"#{group.id}-article {{ page: {group.id}; }}\n"
        f'@page {group.id} {{ @top-left {{ content: "{_NOT_PLAIN.sub("", group.recipe)}"; }} }}\n'
        for group in document.groups
    )


def text_of(name: str, folder: Path = _TEMPLATES) -> str:
    """A file of the templates."""
    return (folder / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def policy(style: str, script: str = "") -> str:
    """The Content-Security-Policy: only the page's own content. Hashes prevent script or style in foreign texts."""
    scripts = f"'{_hash(script)}'" if script else "'none'"
    return (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src {scripts}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def plain_environment(folder: Path) -> Any:
    """Reads templates of a folder, escapes every text in them, and knows how to write a time and a number."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(folder)),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(short=short, when=when)
    return environment


def _environment() -> Any:
    environment = plain_environment(_TEMPLATES)
    environment.globals.update(
        t=_entry,
        term=lambda name: _both(*words.TERMS.get(name, (name, name))),
        verdict=_verdict,
        verdict_word=lambda name: _both(*words.VERDICTS.get(name, (name, name))),
        said=lambda text: _both(*words.sentence(text)),
        said_words=words.sentence,
        metric=lambda name: _both(*_named(name)),
        metric_words=_named,
        exceptions=_exceptions,
        figure_words=lambda name: words.FIGURES[name],
        words=lambda key, **values: words.filled(key, values),
        term_words=lambda name: words.TERMS.get(name, (name, name)),
        joined=lambda pairs: tuple(", ".join(pair[place] for pair in pairs) for place in (0, 1)),
        figure_name=lambda name: _both(*words.FIGURES[name]),
        strip=lambda row: markup(strip(row.samples, row.bar)) if row.samples else "",
        curves=_curves_of_one_page(),
        spread=spread,
        last_values=last_values,
        mean_test_loss=mean_test_loss,
        unexplained=unexplained,
        curves_to_draw=figures.curves_to_draw,
        count_undrawable=lambda values: sum(not drawable(value) for value in values),
        most_points=MOST_POINTS,
        most_curves=figures.MOST_CURVES,
    )
    environment.filters.update(
        fixed=lambda value, digits=2: f"{number(value):.{digits}f}",
        plain=_plain,
        printed=lambda value: as_printed(number(value)),
        settled=lambda value: settled(number(value)),
    )
    return environment


def short(value: Any, digits: int = 5) -> str:
    """A number in a table; a word for a value that is not a number."""
    return f"{number(value):.{digits}g}" if value is not None else "–"


def last_values(by_seed: Mapping[int, Sequence[Point]]) -> List[float]:
    """The last value of each curve."""
    return numbers(line[-1][1] for line in by_seed.values() if line)


def _named(name: str) -> words.Both:
    """The name of a metric, or of a row of a fingerprint, in both languages."""
    both = words.metric(name)
    return both if both[0] != both[1] else words.sentence(name)


def _exceptions(answer: Answer) -> Any:
    """What does not pass, with the reason of the first, and with each reason why one is known; the table has all."""
    parts: List[words.Both] = []
    for (recipe, verdict, known, _), group in groupby(answer.exceptions, _together):
        rows = list(group)
        names = [_named(name) for _, name, _ in rows]
        metric = tuple(each.join(name[place] for name in names) for place, each in enumerate((" and ", "と")))
        values = {"recipe": recipe, "metric": metric, "verdict": words.VERDICTS.get(verdict, (verdict,) * 2)}
        _, name, judged = rows[0]
        if known:
            parts.append(words.filled("answer_known", {**values, "reason": words.sentence(known)}))
        elif parts or not judged.reason or name == WITHOUT_BASELINE:
            parts.append(words.filled("answer_named", values))
        else:
            parts.append(words.filled("answer_exception", {**values, "reason": words.sentence(judged.reason)}))
    if answer.more:
        parts.append(words.filled("answer_more", {"count": answer.more}))
    english, japanese = ([each[language] for each in parts] for language in (0, 1))
    return _both("; ".join(["", *english]) + ".", "。".join(["", *japanese]) + "。")


def _together(exception: Tuple[str, str, Judged]) -> Tuple[str, str, str, str]:
    """What figures have in common that are named together: those of a recipe that are known for one reason."""
    recipe, name, judged = exception
    return recipe, str(judged.verdict), judged.known, "" if judged.known else name


def commit(name: str) -> str:
    """A commit with a short hash, and ``-dirty`` if the checkout had changes."""
    known = _COMMIT.fullmatch(name)
    return f"{known.group(1)}{known.group(2) or ''}" if known else name


def when(moment: Any) -> str:
    """A time of the document, to the minute; a text in another form stays unchanged."""
    text = str(moment or "–")
    match = _MOMENT.fullmatch(text)
    return f"{match.group(1)} {match.group(2)} UTC" if match else text


def _plain(value: Any) -> str:
    """A value of a baseline's history in one line."""
    if isinstance(value, float):
        return f"{value:.7g}"
    return "–" if value is None else str(value)


def markup(text: str) -> Any:
    """A text of our own that is not escaped."""
    # markupsafe comes with Jinja2.
    return import_module("markupsafe").Markup(text)


def _both(english: str, japanese: str) -> Any:
    """A text in both languages; the page shows one of them."""
    if english == japanese:
        return import_module("markupsafe").escape(english)
    both = markup('<span class="en" lang="en">{}</span><span class="ja" lang="ja">{}</span>')
    return both.format(english, japanese)


def _entry(key: str, **values: Any) -> Any:
    return _both(*words.filled(key, values))


def _verdict(name: Optional[str]) -> Any:
    if name is None:
        return _entry("no_verdict")
    kind = " good" if name in PASSING else "" if name in ("inconclusive", "not tested") else " bad"
    both = words.VERDICTS.get(name, (name, name))
    return markup('<span class="badge{}">{}</span>').format(kind, _both(*both))


def _curves_of_one_page() -> Callable[[str, Group, str], Any]:
    """A function that draws curves, each figure with ids of its own."""
    prefixes = (f"f{number}" for number in count(1))

    def draw(name: str, group: Group, labelled_by: str) -> Any:
        published = [curve for curve in group.published_curves if curve.name == name]
        figure = figures.curves(group.curves[name], published, group.unit)
        return markup(figures.for_page(figure, next(prefixes), f"{labelled_by}-title {labelled_by}"))

    return draw


def require_ours(folder: Path) -> None:
    """Make sure that a page in ``folder``, if there is one, was made by mnist-repro and may be replaced.

    Raises:
        BadInput: the page was not made by mnist-repro.
    """
    page = folder / PAGE
    if not page.is_file():
        return
    try:
        with page.open("rb") as file:
            title = _TITLE.search(file.read(_HEAD))
    except OSError as error:
        raise BadInput(
            f"cannot read {page}: {error.strerror}", "only a page of mnist-repro's own is replaced", another_folder()
        ) from error
    if not title:
        raise BadInput(
            f"{page} is not a page that mnist-repro made",
            "the new page would replace it",
            f"{another_folder()}, or remove {page}",
        )


def write(document: Document, folder: Path) -> Path:
    """Write ``report.json`` and the page made from it; ``report.json`` is replaced last. Returns the path of the page.

    Raises:
        BadInput: the folder cannot be written or has somebody else's page, or Jinja2 or matplotlib is missing. Old
            files are then unchanged.
    """
    text = json_text(asdict(document))
    require_ours(folder)
    page = render(document)
    with replacing_together(folder, (PAGE, DOCUMENT)) as unfinished:
        (unfinished / DOCUMENT).write_text(text, encoding="utf-8")
        # A lone surrogate, which comes for example from a file name that is not UTF-8, cannot be encoded.
        (unfinished / PAGE).write_text(page, encoding="utf-8", errors="backslashreplace")
    return folder / PAGE
