"""`make`: an environment is built again if its locks change, and aside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.loading import ROOT
from tools.measure_environments import OWN_LOCKS

# Stands for Python, pip and uv: it makes a folder, and writes down what is installed.
PYTHON = """#!/bin/sh
case "$1 $2" in
*_base_executable*) echo BASE ;;
"-m venv")
    mkdir -p "$3/bin"
    cp "$0" "$3/bin/python"
    cp "$0" "$3/bin/uv" ;;
"-m pip") ;;
"pip install")
    for lock; do :; done
    if grep -q missing "$lock"; then exit 1; fi
    cp "$lock" "$(dirname "$0")/../installed" ;;
*) exec REAL "$@" ;;
esac
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the project's Makefile and a lock of its own."""
    root = tmp_path / "project"
    (root / "requirements").mkdir(parents=True)
    (root / "tools").mkdir()
    shutil.copy(ROOT / "Makefile", root)
    shutil.copy(ROOT / "tools" / "venv.sh", root / "tools")
    (root / "requirements.txt").write_text("one==1\n")
    (root / "requirements" / "uv.txt").write_text("uv==1\n")
    python = tmp_path / "python3.11"
    python.write_text(PYTHON.replace("REAL", sys.executable).replace("BASE", str(python)))
    python.chmod(0o755)
    return root


def make(
    folder: Path, *words: str, python: Path | None = None, **environ: str
) -> subprocess.CompletedProcess[str]:
    chosen = python or folder.parent / "python3.11"
    return subprocess.run(
        ["make", *words],
        cwd=folder,
        env={**os.environ, "PYTHON": str(chosen), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def installed(folder: Path) -> str:
    return (folder / ".venv" / "installed").read_text()


def inode(folder: Path) -> int:
    return (folder / ".venv").stat().st_ino


def test_an_environment_is_made_once(folder: Path) -> None:
    assert make(folder, "setup").returncode == 0
    assert installed(folder) == "one==1\n"
    before = inode(folder)
    later = (2**31, 2**31)
    for lock in ("requirements.txt", "requirements/uv.txt"):
        os.utime(folder / lock, later)  # as a checkout or another branch dates it
    done = make(folder, "setup")
    assert (done.returncode, "Installing" in done.stdout) == (0, False)
    assert inode(folder) == before


def test_what_an_environment_takes_is_printed_if_it_was_measured(folder: Path) -> None:
    assert "Installing requirements.txt into .venv ...\n" in make(folder, "setup").stdout
    lines = "requirements.txt\tabout 7 MB of disk\nrequirements/dev.txt\tmore\n"
    (folder / "requirements" / "measured.txt").write_text(lines)
    (folder / "requirements.txt").write_text("two==2\n")
    expected = "Installing requirements.txt into .venv: about 7 MB of disk ...\n"
    assert expected in make(folder, "setup").stdout


def test_what_was_measured_is_of_locks_of_the_makefile() -> None:
    lines = (ROOT / "requirements" / "measured.txt").read_text().splitlines()
    locks = [line.split("\t")[0] for line in lines]
    assert "requirements.txt" in locks
    assert set(locks) <= set(OWN_LOCKS)
    makefile = (ROOT / "Makefile").read_text()
    assert all(f"tools/venv.sh $@ {lock}" in makefile for lock in OWN_LOCKS)


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements/uv.txt"])
def test_an_environment_is_made_again_for_another_lock(folder: Path, lock: str) -> None:
    make(folder, "setup")
    before = inode(folder)
    (folder / lock).write_text("two==2\n")
    os.utime(folder / lock, (0, 0))
    assert make(folder, "setup").returncode == 0
    assert inode(folder) != before
    assert not (folder / ".venv.old").exists()


def test_an_environment_can_be_made_again_by_its_own_python(folder: Path) -> None:
    make(folder, "setup")
    (folder / "requirements.txt").write_text("two==2\n")
    # what `python3.11` is once the environment is activated
    done = make(folder, "setup", python=folder / ".venv" / "bin" / "python")
    assert done.returncode == 0, done.stderr
    assert installed(folder) == "two==2\n"


def test_what_cannot_be_made_leaves_the_old_one(folder: Path) -> None:
    make(folder, "setup")
    before = inode(folder)
    (folder / "requirements.txt").write_text("missing==1\n")
    assert make(folder, "setup").returncode != 0
    assert inode(folder) == before
    assert installed(folder) == "one==1\n"
    assert not (folder / ".venv.old").exists()


def test_an_environment_whose_build_was_killed_is_made_again(folder: Path) -> None:
    make(folder, "setup")
    (folder / ".venv").rename(folder / ".venv.old")  # as if in the middle of it
    (folder / ".venv").mkdir()
    assert make(folder, "setup").returncode == 0
    assert installed(folder) == "one==1\n"
    assert not (folder / ".venv.old").exists()


def test_an_environment_without_its_python_or_moved_is_made_again(folder: Path) -> None:
    make(folder, "setup")
    (folder / ".venv" / "bin" / "python").unlink()
    assert "Installing" in make(folder, "setup").stdout
    moved = folder.rename(folder.with_name("moved"))  # its scripts name where it was
    assert "Installing" in make(moved, "setup").stdout
    assert "Installing" not in make(moved, "setup").stdout


def test_another_python_is_refused_before_anything_is_touched(folder: Path) -> None:
    make(folder, "setup")
    (folder / "requirements.txt").write_text("two==2\n")
    old = folder.parent / "python3.8"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = make(folder, "setup", python=old)
    assert done.returncode != 0
    assert f"Relay needs Python 3.11, 3.12 or 3.13 (got {old})" in done.stderr
    assert installed(folder) == "one==1\n"


def test_a_supported_python_is_looked_for_among_those_that_do_not_answer(folder: Path) -> None:
    shims = folder.parent / "shims"
    shims.mkdir()
    for name in ("python3.11", "python3.12", "python3"):
        (shims / name).write_text("#!/bin/sh\nexit 127\n")  # as pyenv's for one switched off
    double = (folder.parent / "python3.11").read_text()
    (shims / "python3.13").write_text(double.replace("*) exec", f"*) touch {shims}/asked; exec"))
    for shim in shims.iterdir():
        shim.chmod(0o755)
    done = make(folder, "setup", PYTHON="", PATH=f"{shims}{os.pathsep}{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    assert (shims / "asked").exists()
    assert installed(folder) == "one==1\n"
