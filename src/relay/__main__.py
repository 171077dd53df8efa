"""The installed `relay` command and `python -m relay`: the checkout's own `relay` script.

It imports only the standard library, as the environment that it is installed into may lack the
pipeline's packages: the script runs main.py in the checkout's `.venv`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Replace this process by the `relay` script of the checkout that contains the package.

    If the package was copied out of its checkout, print an error and return 2.
    """
    script = ROOT / "relay"
    if not (script.is_file() and (ROOT / "main.py").is_file()):
        print(
            "Error: relay: runs only from a checkout, with the components and settings beside it "
            f"(got a copy in {ROOT}). Clone Relay and run `make setup` there, then use "
            "./relay, or install the command with `pip install --no-deps -e CHECKOUT`.",
            file=sys.stderr,
        )
        return 2
    os.execv(script, [str(script), *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
