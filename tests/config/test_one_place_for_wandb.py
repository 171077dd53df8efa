"""W&B is named where its backend is; everything else asks for what a backend can do."""

from __future__ import annotations

import re

import pytest

from tests.loading import COMPONENTS, ROOT

ALLOWED = {
    # the variables that keep each tool's files inside the project
    "src/relay/util/project.py",
    # the option that makes the sweep on the server
    "src/relay/commands/sweep/arguments.py",
}


@pytest.mark.additions
def test_wandb_is_named_in_tracking_only() -> None:
    files = [ROOT / "main.py", *COMPONENTS.rglob("*.py")]
    files += [
        path
        for kind in ("*.py", "*.html")
        for path in (ROOT / "src" / "relay").rglob(kind)
        if "tracking" not in path.relative_to(ROOT / "src" / "relay").parts
    ]
    named = {
        path.relative_to(ROOT).as_posix() for path in files if NAME.search(path.read_text("utf-8"))
    }
    assert named - ALLOWED == set()


NAME = re.compile(r"wandb|W&B", re.IGNORECASE)
