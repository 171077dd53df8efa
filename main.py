"""Runs the pipeline. `python main.py --help` says how; config/ holds every setting."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main() -> int:
    """Run the command line with the code in src/, which needs no installation."""
    sys.path.insert(0, str(ROOT / "src"))
    try:
        from relay.orchestrator import cli
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
