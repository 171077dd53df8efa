"""Run the pipeline: `python main.py --help`; config/ holds every setting."""

from __future__ import annotations

import os
import sys

# Only the environment's own libraries and src/ are for this process and for all that it starts: a
# pandas.py in a folder of PYTHONPATH, or beside this file, would take the place of pandas. First of
# all, as it could take the place of any module imported below.
_OTHERS = [os.path.dirname(__file__), *os.environ.pop("PYTHONPATH", "").split(os.pathsep)]
_OWN = (sys.prefix + os.sep, os.path.dirname(os.__file__))
sys.path[:] = [
    folder
    for folder in sys.path
    if folder.startswith(_OWN) or os.path.realpath(folder) not in map(os.path.realpath, _OTHERS)
]

if sys.getfilesystemencoding() != "utf-8" and os.environ.get("PYTHONUTF8") != "1":
    # An old locale has no names for most files: begin again with those that all else reads.
    os.environ["PYTHONUTF8"] = "1"
    os.environ.setdefault("PYTHONIOENCODING", sys.stdout.encoding if sys.stdout else "utf-8")
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])

import gc
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main() -> int:
    """Run the command line with the code in src/, which needs no installation."""
    sys.path.insert(0, str(ROOT / "src"))
    try:
        from relay import cli
    except ModuleNotFoundError as error:
        print(
            f"Error: {error}: this Python lacks what Relay needs. Run `make run`, or "
            "`make setup` and then `.venv/bin/python main.py`.",
            file=sys.stderr,
        )
        return 1
    status = cli.main(ROOT, sys.argv[1:])
    gc.freeze()  # at its end Python would look through all that was loaded, which takes a second
    return status


if __name__ == "__main__":
    sys.exit(main())
