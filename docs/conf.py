"""How the documentation is built: `sphinx-build -W --keep-going -n -b html docs docs/_build/html`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "_ext")]

import mnist_repro  # noqa: E402 - from this checkout

project = "mnist_repro and pjm"
author = "the authors of mnist-repro"
copyright = author
version = release = mnist_repro.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "from_code"]
exclude_patterns = ["_build", "_ext"]
source_suffix = {".md": "markdown"}
# Or `--option` in a sentence would become a dash.
smartquotes = False
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["wide.css"]
html_title = "mnist_repro and pjm"
html_copy_source = False
html_show_sphinx = False

myst_heading_anchors = 4
myst_links_external_new_tab = False

# Docstrings: `name` is code, as in Markdown; fields have their text in the docstring of their class.
default_role = "code"
napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 100
# A type of ours has to be on the page; those of Python and NumPy are not linked, since a build needs no network.
nitpick_ignore_regex = [("py:.*", r"(?!mnist_repro\.|pjm\.).*")]
