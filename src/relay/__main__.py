"""The installed `relay` command and `python -m relay`: the checkout's own `relay` script.

It imports nothing but the standard library, since the environment that it is installed into need
have none of what the pipeline needs: the script runs main.py in the checkout's `.venv`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Replace this process by the `relay` script of the checkout that the package lies in.

    Returns 2, with a message on standard error, where the package was copied out of its checkout.
    """
    script = ROOT / "relay"
    if not (script.is_file() and (ROOT / "main.py").is_file()):
        print(
            "Error: relay: it runs from a checkout only, with the components and settings beside "
            f"it (got a copy in {ROOT}). Clone Relay and run `make setup` there, then use "
            "./relay, or install the command with `pip install --no-deps -e CHECKOUT`.",
            file=sys.stderr,
        )
        return 2
    os.execv(script, [str(script), *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
