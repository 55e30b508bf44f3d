"""The documentation site: `scripts/docs` builds it, offline, and every warning is an error."""

import sys
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent
FINISHED = ROOT / "artifacts/predictions/gcn_casme2.parquet"
sys.path[:0] = [str(ROOT), str(DOCS / "_ext")]  # the checkout before anything that is installed

project = "mmer"
author = "the authors of mmer"
project_copyright = author  # no year: the same input gives the same pages
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "docstrings",
    "component_pages",
    "room_pages",
    "inline_svg",
    "headings",
]
exclude_patterns = ["_build", "examples", "**/GALLERY_HEADER.rst"]
suppress_warnings = [
    "config.cache",  # the gallery's settings hold functions
    "ref.python",  # two rooms may call a class by one name; a type in a signature then links to the first
]

# Pages are Markdown that a code host shows too, so no syntax of Sphinx stands in them where plain Markdown will do.
myst_enable_extensions = ["attrs_inline"]
myst_heading_anchors = 4
myst_fence_as_directive = []

# Docstrings
add_module_names = False
autosummary_generate = False
autodoc_mock_imports = ["feat"]  # a child process of mmer/faces imports it; it takes seconds and brings warnings
autodoc_inherit_docstrings = False  # torch's own docstrings are not ours
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# The notebooks of docs/examples, run when the site is built
sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    # The notebook about a finished run needs one; without it, it is shown as it is written.
    "filename_pattern": r"/plot_" if FINISHED.is_file() else r"/plot_(?!finished)",
    "abort_on_example_error": True,
    "capture_repr": ("_repr_html_",),
    "download_all_examples": False,
    "write_computation_times": False,  # a page does not depend on how busy the machine was
    "show_memory": False,
    "min_reported_time": 1e9,
    "show_signature": False,
    "plot_gallery": "True",
}

html_theme = "furo"
html_title = "mmer"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
copybutton_exclude = ".linenos, .gp, .go"
