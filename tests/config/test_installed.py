"""The `relay` command that `pip install --no-deps -e .` adds, and the one place of the version."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import relay
from tests.loading import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def start(source: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Start the entry point as pip's script does, in a Python with nothing installed."""
    module, function = PROJECT["project"]["scripts"]["relay"].split(":")
    code = f"import sys; sys.path.insert(0, {str(source)!r}); from {module} import {function}"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"{code}; sys.exit({function}())", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )


def checkout(folder: Path) -> Path:
    """Make a checkout whose `relay` script prints its arguments."""
    shutil.copytree(ROOT / "src" / "relay", folder / "src" / "relay")
    (folder / "main.py").touch()
    (folder / "relay").write_text('#!/bin/sh\necho "started: $*"\nexit 7\n')
    (folder / "relay").chmod(0o755)
    return folder


def test_the_command_starts_that_of_its_checkout_from_any_folder(tmp_path: Path) -> None:
    root = checkout(tmp_path / "a checkout")
    done = start(root / "src", "steps=train", "data.url=a b.csv")
    assert (done.returncode, done.stdout) == (7, "started: steps=train data.url=a b.csv\n")


def test_a_copy_outside_a_checkout_is_one_clear_error(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    (root / "main.py").unlink()
    done = start(root / "src", "--version")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: relay: runs only from a checkout")
    assert done.stderr.count("\n") == 1


def test_the_version_stands_in_one_place_and_in_the_changelog() -> None:
    assert "version" not in PROJECT["project"]
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "relay.__version__"}
    versions = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[:2] == ["Unreleased", relay.__version__]
