"""The tests' own way to run scripts: a fork has the libraries, so that each script is fast."""

from __future__ import annotations

import os
from pathlib import Path

from tests.forks import Forks
from tests.loading import ROOT


def test_the_first_script_is_forked_once_its_libraries_are_loaded(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import sys; print('wave' in sys.modules, sys.argv[1:])")
    (tmp_path / "files").mkdir()
    forks = Forks(tmp_path / "files", os.environ, [("wave", ())], ROOT / "src")
    try:
        for number in ("1", "2"):
            done = forks.run(tmp_path / "script.py", [number], os.environ, tmp_path)
            assert (done.status, done.output) == (0, f"True ['{number}']\n")
    finally:
        forks.close()
