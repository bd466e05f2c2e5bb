"""How Sphinx builds this site, all of which runs from its own files: `nox -s docs`."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))

import amiable  # noqa: E402

project = "amiable"
author = "The amiable developers"
release = version = amiable.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_design",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "figures",
    "scores",
]
exclude_patterns = ["_build", "gallery", "inside", "_figures", "generated/cli.md"]
templates_path = ["_templates"]

# MathJax with its letters as outlines, in one file: no fonts to find, none of the reader's
MATHJAX = Path(find_spec("mathjax").submodule_search_locations[0]) / "static" / "mathjax" / "es5" / "tex-svg.js"

html_theme = "furo"
html_title = f"amiable {release}"
html_css_files = ["amiable.css"]
html_static_path = ["_static", str(MATHJAX), str(HERE.parent / "src" / "amiable" / "report" / "figures.js")]
html_favicon = "_static/amiable.svg"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
mathjax_path = MATHJAX.name
mathjax3_config = {"svg": {"fontCache": "global"}, "options": {"enableMenu": False}}
html_theme_options = {"top_of_page_buttons": []}

myst_enable_extensions = ["attrs_block", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

default_role = "py:obj"  # backticks of docstrings: a link where there is one to link to
autosummary_generate = True
autodoc_typehints = "none"  # docstrings say more
numpydoc_show_class_members = False
copybutton_exclude = ".linenos, .gp, .go"

sphinx_gallery_conf = {
    "examples_dirs": ["gallery", "inside"],
    "gallery_dirs": ["examples", "figures"],
    "filename_pattern": r"/plot_",
    "image_scrapers": ("figures.scrape",),
    "reset_modules": (),
    "capture_repr": ("_repr_html_", "__repr__"),
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "remove_config_comments": True,
    "download_all_examples": False,
    "show_signature": False,
    "min_reported_time": 10**6,
    "write_computation_times": False,
    "thumbnail_size": (420, 270),
    "backreferences_dir": "generated/examples",
    "doc_module": ("amiable",),
}


def write_commands() -> None:
    """Let Typer describe the command line."""
    command = [sys.executable, "-m", "typer", "amiable.cli", "utils", "docs", "--name", "amiable"]
    described = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    described = re.sub(r"^(\w+)\n-{3,}\n", r"**\1**:\n\n", described, flags=re.MULTILINE)  # numpydoc, not headings
    (HERE / "generated").mkdir(exist_ok=True)
    (HERE / "generated" / "cli.md").write_text(described[described.index("\n## ") :])


def edit_page(app: object, docname: str, source: list[str]) -> None:  # noqa: ARG001
    """Point links to files of measured tables to the page that holds them; drop the empty line that doctest needs."""
    linked = re.sub(r"\]\(\.\./benchmarks/results/(\w+)\.md\)", r"](benchmarks.md#results-\1)", source[0])
    source[0] = linked.replace("](../benchmarks/results/)", "](benchmarks.md)").replace("\n\n```\n", "\n```\n")


def link_dois(app: object, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:  # noqa: ARG001
    """Make links of the DOIs in docstrings."""
    doi = re.compile(r"(?<![\w/.])10\.\d{4,9}/[^\s,;`]*[\w)]")
    lines[:] = [doi.sub(r"`\g<0> <https://doi.org/\g<0>>`__", line) for line in lines]


def setup(app: object) -> None:
    """Connect the functions above."""
    write_commands()
    app.connect("source-read", edit_page)
    app.connect("autodoc-process-docstring", link_dois)
