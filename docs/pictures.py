"""Draws the pictures of the gallery: runs the page's own code, and saves what it draws above each picture."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
PIECES = re.compile(r"```python\n(.*?)```|!\[.*?\]\((gallery/\w+\.png)\)", re.DOTALL)


def draw_pictures(page: Path) -> None:
    """Run the blocks of a page in order; where a picture stands, save the axes that were drawn last."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names: dict[str, object] = {}
    for code, picture in PIECES.findall(page.read_text(encoding="utf-8")):
        if code:
            exec(code, names)  # noqa: S102 - our own page
            continue
        path = page.parent / picture
        path.parent.mkdir(exist_ok=True)
        # Without the version of matplotlib, a picture changes only where what it shows does.
        plt.gcf().savefig(path, dpi=110, bbox_inches="tight", metadata={"Software": None})
        plt.close("all")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NEXMO_NB_STATE_DIR"] = folder
        draw_pictures(HERE / "gallery.md")
