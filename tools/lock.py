"""Compile every requirements.in into a lock with hashes (`make lock`).

A lock in `environments/` serves all components that link to it. All locks take their versions
from requirements/dev.txt, so that tests, orchestrator and components run the same code. MLflow
names a conda environment by the text of conda.yml, so each conda.yml gets the digest of its lock as
a comment: a new lock is a new environment.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEV = ROOT / "requirements" / "dev.in"
DIGEST = re.compile(r"^# lock: .*\n", re.MULTILINE)


def sources() -> list[Path]:
    """Return each requirements.in: main.py's, the environments', components' own, and uv's."""
    environments = sorted(ROOT.glob("environments/*/requirements.in"))
    components = sorted(ROOT.glob("components/*/requirements.in"))
    return [
        ROOT / "requirements.in",
        *environments,
        *components,
        ROOT / "requirements" / "uv.in",
    ]


def compile_lock(source: Path, *, upgrade: bool, constraint: Path | None = None) -> None:
    """Write `source`'s lock beside it, for every platform, with hashes."""
    command = ["uv", "pip", "compile", "--universal", "--python-version", "3.11"]
    # One version for all platforms and Pythons, if possible.
    command += ["--fork-strategy", "fewest"]
    command += ["--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
    command += ["--output-file", str(source.with_suffix(".txt").relative_to(ROOT))]
    if upgrade:
        command.append("--upgrade")
    if constraint is not None:
        command += ["--constraint", str(constraint.relative_to(ROOT))]
    subprocess.run([*command, str(source.relative_to(ROOT))], cwd=ROOT, check=True)


def write_digest(lock: Path) -> None:
    """Put the lock's digest into the conda.yml beside it."""
    conda = lock.with_name("conda.yml")
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    text = DIGEST.sub("", conda.read_text(encoding="utf-8"))
    conda.write_text(f"# lock: {digest}\n{text}", encoding="utf-8")


def main() -> None:
    """Compile all locks; with --upgrade, to the newest versions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    arguments = parser.parse_args()
    compile_lock(DEV, upgrade=arguments.upgrade)
    for source in sources():
        # From the constraints alone, whatever the old lock has.
        source.with_suffix(".txt").unlink(missing_ok=True)
        compile_lock(source, upgrade=False, constraint=DEV.with_suffix(".txt"))
        if source.with_name("conda.yml").exists():
            write_digest(source.with_suffix(".txt"))
        print(source.with_suffix(".txt").relative_to(ROOT))


if __name__ == "__main__":
    main()
