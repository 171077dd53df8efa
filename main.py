"""Run the pipeline: `python main.py --help`; config/ holds every setting."""

from __future__ import annotations

import os
import sys

# This process and its children import only from the environment and from src/: a pandas.py in a
# folder of PYTHONPATH, or beside this file, would replace pandas. This comes first, as such a file
# could replace any module that is imported below.
_OTHERS = [os.path.dirname(__file__), *os.environ.pop("PYTHONPATH", "").split(os.pathsep)]
_OWN = (sys.prefix + os.sep, os.path.dirname(os.__file__))
sys.path[:] = [
    folder
    for folder in sys.path
    if folder.startswith(_OWN) or os.path.realpath(folder) not in map(os.path.realpath, _OTHERS)
]

if sys.getfilesystemencoding() != "utf-8" and os.environ.get("PYTHONUTF8") != "1":
    # An old locale cannot name most files: start again with UTF-8, as all other programs use.
    os.environ["PYTHONUTF8"] = "1"
    os.environ.setdefault("PYTHONIOENCODING", sys.stdout.encoding if sys.stdout else "utf-8")
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])

import gc
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main() -> int:
    """Run the command line with the code in src/, which needs no installation."""
    sys.path.insert(0, str(ROOT / "src"))
    # Imports make many objects and no garbage; by default, Python looks at them all many times.
    gc.set_threshold(50_000)
    try:
        from relay import cli

        status = cli.main(ROOT, sys.argv[1:])
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "relay":
            raise
        print(
            f"Error: {error}: this Python lacks a package that Relay needs. Run `make run`, or "
            "`make setup` and then `.venv/bin/python main.py`.",
            file=sys.stderr,
        )
        return 1
    gc.freeze()  # else Python spends a second at its end on a look at all loaded objects
    return status


if __name__ == "__main__":
    sys.exit(main())
