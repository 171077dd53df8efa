"""Measure builds of environments, and write measured.yaml beside each lock.

Each is built with uv in a temporary folder, with an empty cache, so its packages are downloaded.
The figures are shown before Relay builds an environment: measure again after a lock has changed
much, on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from relay.runtime.build_cost import MEASURED

ROOT = Path(__file__).resolve().parents[1]
HEAD = "# Measured by tools/measure_environments.py: 10^6 bytes, and seconds.\n"


def measure(environment: Path, place: Path) -> tuple[int, int]:
    """Build `environment` in the empty folder `place`; return its megabytes and the seconds.

    Raises CalledProcessError if the build fails.
    """
    built = place / "environments"
    variables = {
        **os.environ,
        "MLFLOW_ENV_ROOT": str(built),
        "UV_CACHE_DIR": str(place / "cache"),
        "PYTHONPATH": str(ROOT / "src"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    start = time.monotonic()
    module = "relay.runtime.mlflow_environments"
    subprocess.run(
        [sys.executable, "-m", module, "uv", str(environment)], cwd=ROOT, env=variables, check=True
    )
    seconds = time.monotonic() - start
    size = sum(path.lstat().st_blocks * 512 for path in built.rglob("*"))
    return round(size / 1e6), round(seconds)


def main() -> None:
    """Measure the environments named, or all."""
    names = sorted(path.parent.name for path in ROOT.glob("environments/*/requirements.txt"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*names, []], metavar="NAME")
    for name in parser.parse_args().names or names:
        folder = ROOT / "environments" / name
        with tempfile.TemporaryDirectory(prefix="relay-measured-") as place:
            megabytes, seconds = measure(folder, Path(place))
        text = f"{HEAD}megabytes: {megabytes}\nseconds: {seconds}\n"
        (folder / MEASURED).write_text(text, encoding="utf-8")
        print(f"{name}: {megabytes} MB, {seconds} s", flush=True)


if __name__ == "__main__":
    main()
