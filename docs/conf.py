"""How Sphinx makes the site: `make docs` writes it into docs/_build, and no page asks another host for anything.

- Sphinx reads docstrings; of what reads NumPy's, napoleon is part of it. MyST lets every page be Markdown, which GitHub
  shows as well.
- Pages hold their outputs as text, and one test runs all their blocks: nothing is run while the site is built, so
  myst-nb, with its kernel, its cache and their database, is not needed.
- pydata-sphinx-theme is kept by the people of pandas and Jupyter, is tested with axe, has light and dark, and brings
  its fonts and scripts with it. The search is Sphinx's own, within the page.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]

import nexmo_nb  # noqa: E402

project = "nexmo_nb"
author = "the authors of nexmo_nb"
project_copyright = author
version = release = nexmo_nb.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "reference",
]
exclude_patterns = ["_build", "_ext"]
nitpicky = True
# The types of attributes are words for people, and names of what is not public.
nitpick_ignore_regex = [("py:class", r"[\w ]+")]

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 4

# The docstrings say the types, for people: with those of the code, a signature would fill a screen.
autodoc_typehints = "none"
# One name a line becomes a list that axe objects to.
python_maximum_signature_line_length = 2000
autodoc_member_order = "bysource"
# Parameters as they are written, for a type such as "str or int" is for people, and no name to link.
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_use_ivar = True

html_theme = "pydata_sphinx_theme"
html_title = "nexmo_nb"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "nexmo_nb"},
    "navbar_align": "left",
    "navbar_persistent": ["search-button"],
    "navigation_with_keys": False,
    "header_links_before_dropdown": 6,
    "show_prev_next": True,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
copybutton_exclude = ".linenos, .gp, .go"
