"""Takes the picture of the page that README shows: the answer, curves, and pictures of digits.

    mnist-repro reproduce --all --seeds 10
    mnist-repro report
    python -m tests.end_to_end.browser.screenshot report/index.html docs/images/report.png

It needs Chromium with its driver, selenium and Pillow, as `tox -e browser` has them.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image

from tests.end_to_end.browser.chromium import Browser, started

WIDTH = 1400
# So many colours are enough for a page, rare ones included, and make the file a third.
COLOURS = 256
# From the top of which element to the bottom of which: the page is far too long for one picture.
STRIPS = (
    ("header", "tbody.recipe:nth-of-type(2)"),
    ("#group-1", "#group-1 ~ .figures"),
    ("#group-1 ~ details", "#group-1 ~ details > .columns"),
)
_AROUND = 3


def main() -> int:
    """Open the page, take the picture, write it."""
    if len(sys.argv) != 3:
        sys.stderr.write(str(__doc__))
        return 2
    page, picture = map(Path, sys.argv[1:])
    with started(page.absolute()) as browser:
        browser.open(WIDTH)
        browser.choose("theme", "light")
        browser.unfold()
        strips = [_strip(browser, first, last) for first, last in STRIPS]
    whole = Image.new("RGB", (WIDTH, sum(strip.height for strip in strips)))
    for place, strip in enumerate(strips):
        whole.paste(strip, (0, sum(each.height for each in strips[:place])))
    picture.parent.mkdir(parents=True, exist_ok=True)
    whole.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE).save(picture, optimize=True)
    print(f"{picture}: {picture.stat().st_size:,} bytes")
    return 0


def _strip(browser: Browser, first: str, last: str) -> Image.Image:
    top, bottom = (
        browser.evaluate(f"document.querySelector('{selector}').getBoundingClientRect().{edge} + window.scrollY")
        for selector, edge in ((first, "top"), (last, "bottom"))
    )
    taken = browser.picture(max(0, top - _AROUND), bottom - top + 2 * _AROUND)
    return Image.open(io.BytesIO(taken)).convert("RGB")


if __name__ == "__main__":
    sys.exit(main())
