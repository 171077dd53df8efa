"""Measure builds of environments, and write measured.yaml beside each lock of environments/.

Those of the project itself, such as .venv, are in requirements/measured.txt, a line for each lock.
Each is built with uv in a temporary folder, with an empty cache, so its packages are downloaded.
The figures are shown before an environment is built: measure again after a lock has changed much,
on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from relay.runtime.build_cost import MEASURED, BuildCost

ROOT = Path(__file__).resolve().parents[1]
HEAD = "# Measured by tools/measure_environments.py: 10^6 bytes, and seconds.\n"
OWN = ROOT / "requirements" / "measured.txt"
"""Read by tools/venv.sh: a lock, a tab, and what its installation takes, in words."""
OWN_LOCKS = ("requirements.txt", "requirements/dev.txt", "requirements/docs.txt")


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
    module = "relay.runtime.build_environment"
    subprocess.run(
        [sys.executable, "-m", module, "uv", str(environment)], cwd=ROOT, env=variables, check=True
    )
    return megabytes_of(built), round(time.monotonic() - start)


def measure_own(lock: str, place: Path) -> BuildCost:
    """Install a `lock` of the project, as `make` does, in the empty folder `place`.

    Raises CalledProcessError if that fails.
    """
    built, cache = place / "environment", str(place / "cache")
    variables = {**os.environ, "UV_CACHE_DIR": cache, "PIP_CACHE_DIR": cache}
    start = time.monotonic()
    subprocess.run(["tools/venv.sh", str(built), lock], cwd=ROOT, env=variables, check=True)
    return BuildCost(megabytes_of(built), round(time.monotonic() - start))


def megabytes_of(folder: Path) -> int:
    """Return the disk that the files in `folder` take, in 10^6 bytes."""
    return round(sum(path.lstat().st_blocks * 512 for path in folder.rglob("*")) / 1e6)


def write_own(costs: dict[str, BuildCost]) -> None:
    """Write what was measured of the project's locks; those that were not keep their lines."""
    lines = OWN.read_text(encoding="utf-8").splitlines() if OWN.exists() else []
    words = dict(line.split("\t") for line in lines)
    words |= {lock: cost.in_words() for lock, cost in costs.items()}
    text = "".join(f"{lock}\t{words[lock]}\n" for lock in OWN_LOCKS if lock in words)
    OWN.write_text(text, encoding="utf-8")


def main() -> None:
    """Measure the environments and locks named, or all."""
    names = sorted(path.parent.name for path in ROOT.glob("environments/*/requirements.txt"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*names, *OWN_LOCKS, []], metavar="NAME")
    for name in parser.parse_args().names or [*names, *OWN_LOCKS]:
        if name in OWN_LOCKS:
            with tempfile.TemporaryDirectory(prefix="relay-measured-") as place:
                cost = measure_own(name, Path(place))
            write_own({name: cost})
            print(f"{name}: {cost.megabytes} MB, {cost.seconds} s", flush=True)
            continue
        folder = ROOT / "environments" / name
        with tempfile.TemporaryDirectory(prefix="relay-measured-") as place:
            megabytes, seconds = measure(folder, Path(place))
        text = f"{HEAD}megabytes: {megabytes}\nseconds: {seconds}\n"
        (folder / MEASURED).write_text(text, encoding="utf-8")
        print(f"{name}: {megabytes} MB, {seconds} s", flush=True)


if __name__ == "__main__":
    main()
