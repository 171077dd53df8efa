"""Compile every requirements.in into a lock with hashes (`make lock`).

A lock in `environments/` serves all components that link to it. All locks take their versions
from requirements/dev.txt, so that tests, orchestrator and components run the same code. What a
project adds is listed in requirements/own.in, if there is one: its versions are those of
requirements/own.txt, which .venv-dev installs beside dev.txt. MLflow names a conda environment by
the text of conda.yml, so each conda.yml gets the digest of its lock as a comment: a new lock is a
new environment.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEV = ROOT / "requirements" / "dev.in"
OWN = ROOT / "requirements" / "own.in"
"""What the environments of a project's own components need besides DEV; Relay has no such file."""
DIGEST = re.compile(r"^# lock: .*\n", re.MULTILINE)


def sources() -> list[Path]:
    """Return each requirements.in: of main.py, environments, components, the site and uv."""
    environments = sorted(ROOT.glob("environments/*/requirements.in"))
    components = sorted(ROOT.glob("components/*/requirements.in"))
    return [
        ROOT / "requirements.in",
        *environments,
        *components,
        ROOT / "requirements" / "docs.in",
        ROOT / "requirements" / "uv.in",
    ]


def compile_lock(source: Path, *, upgrade: bool, constraints: Sequence[Path] = ()) -> None:
    """Write the lock of `source` beside it, for every platform, with hashes.

    It takes its versions from `constraints`, which are locks; DEV and OWN keep those of their old
    locks.
    An old lock stays if the compilation fails.
    """
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.is_file() else "uv"
    lock = source.with_suffix(".txt")
    aside = lock.with_name(f".{lock.name}.new")
    command = [uv, "pip", "compile", "--universal", "--python-version", "3.11"]
    # One version for all platforms and Pythons, if possible.
    command += ["--fork-strategy", "fewest"]
    command += ["--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
    command += ["--output-file", str(aside.relative_to(ROOT))]
    if upgrade:
        command.append("--upgrade")
    for constraint in constraints:
        command += ["--constraint", str(constraint.relative_to(ROOT))]
    if source in (DEV, OWN) and lock.exists():
        shutil.copy(lock, aside)  # its versions are kept, but for those that --upgrade renews
    try:
        subprocess.run([*command, str(source.relative_to(ROOT))], cwd=ROOT, check=True)
        aside.replace(lock)
    finally:
        aside.unlink(missing_ok=True)


def write_digest(lock: Path) -> None:
    """Put the lock's digest into the conda.yml beside it."""
    conda = lock.with_name("conda.yml")
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    text = DIGEST.sub("", conda.read_text(encoding="utf-8"))
    conda.write_text(f"# lock: {digest}\n{text}", encoding="utf-8")


def compile_from_dev(source: Path) -> None:
    """Write the lock of `source` with the versions of DEV and OWN, and its digest in conda.yml."""
    lock = source.with_suffix(".txt")
    own = OWN.with_suffix(".txt")
    constraints = [DEV.with_suffix(".txt"), *([own] if source != OWN and own.exists() else [])]
    compile_lock(source, upgrade=False, constraints=constraints)
    if lock.with_name("conda.yml").exists():
        write_digest(lock)
    print(lock.relative_to(ROOT), flush=True)


def main() -> None:
    """Compile all locks, or those named; with --upgrade, all to the newest versions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    parser.add_argument("sources", nargs="*", metavar="FILE.in", help="only these; default: all")
    arguments = parser.parse_args()
    named = [(ROOT / name).resolve() for name in arguments.sources]
    try:
        if not named:
            compile_lock(DEV, upgrade=arguments.upgrade)
        for source in named or [*([OWN] if OWN.exists() else []), *sources()]:
            compile_from_dev(source)
    except subprocess.CalledProcessError as error:  # uv has printed the reason
        sys.exit(error.returncode)


if __name__ == "__main__":
    main()
