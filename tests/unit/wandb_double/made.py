"""What the tests log: files, and artifacts of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import wandb

Start = Callable[..., Any]
"""Begins a run."""


def file(folder: Path, content: str, name: str = "data.csv") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def artifact(folder: Path, content: str = "a,b\n1,2\n", name: str = "data", **more: Any) -> Any:
    made = wandb.Artifact(name, more.pop("type", "dataset"), **more)
    made.add_file(str(file(folder, content)))
    return made
