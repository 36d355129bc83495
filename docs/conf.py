"""The site of the documentation: `python -m sphinx -W --keep-going docs docs/_build/html`.

Pages are plain Markdown that reads as well in the repository. Tutorials are notebooks in text, executed at every build: an
error in one fails it. Command line, run file and equations are written from the code before each build, into `_generated`.
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from generated_pages import write_all  # noqa: E402

from snsim import __version__  # noqa: E402

project, author, release = "snsim", "The snsim developers", __version__
project_copyright = author

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
]
exclude_patterns = ["_build", "_templates", "**.ipynb_checkpoints"]
nitpicky = True
smartquotes = False  # dashes of options stay dashes
templates_path = ["_templates"]

# --- Markdown -------------------------------------------------------------------------------------------------------
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
myst_dmath_double_inline = True
mathjax_path = (
    "https://cdn.jsdelivr.net/npm/mathjax@3.2.2/es5/tex-svg.js"  # one file, no fonts; all else is in the site
)

# --- notebooks ------------------------------------------------------------------------------------------------------
os.environ.setdefault("PYTHONPATH", str(HERE.parent))  # a checkout that is not installed
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True
nb_kernel_rgx_aliases = {".*": "python3"}

# --- reference ------------------------------------------------------------------------------------------------------
autosummary_generate = True
autosummary_imported_members = True
autodoc_typehints = "none"  # numpydoc says them in words
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False

# --- look -----------------------------------------------------------------------------------------------------------
html_theme = "pydata_sphinx_theme"
html_title = "snsim"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {
    "show_nav_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "header_links_before_dropdown": 4,
    "collapse_navigation": True,
    "show_toc_level": 2,
}
html_show_sourcelink = False


def setup(app):  # noqa: D103
    app.connect("builder-inited", lambda app: write_all(HERE / "_generated"))
