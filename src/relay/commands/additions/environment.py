"""The environment of a new component: one that exists, or a new one from a list of packages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from relay.util.errors import ConfigError, RelayError
from relay.util.files import write_text
from relay.util.names import did_you_mean

ENVIRONMENTS = "environments"
_LOCK = "requirements.txt"
_CONDA = """\
channels: [conda-forge, nodefaults]
dependencies:
  - python=3.11
  - pip=25.2
  - pip:
      - -r requirements.txt
"""
_PACKAGE = re.compile(r"[A-Za-z0-9][\w.-]*(\[[\w.,-]+\])?( *(==|>=|<=|~=|<|>|!=) *[\w.*+!]+)*")


def require_environment(root: Path, command: str, name: str, packages: tuple[str, ...]) -> bool:
    """Return whether the environment `name` is new.

    Raises ConfigError if it does not exist and there are no `packages`, if it exists and there are
    some, or if the name of a package is wrong.
    """
    folder = root / ENVIRONMENTS / name
    if folder.exists():
        if packages:
            raise ConfigError(
                f"{command}: --packages: {ENVIRONMENTS}/{name} exists already. Give the new "
                f"environment another name, or add them to {ENVIRONMENTS}/{name}/requirements.in "
                "and run `make lock`."
            )
        return False
    if not packages:
        names = [path.parent.name for path in root.glob(f"{ENVIRONMENTS}/*/{_LOCK}")]
        raise ConfigError(
            f"{command}: --environment: there is no {ENVIRONMENTS}/{name}."
            f"{did_you_mean(name, names)} For a new one, list what it needs: --packages A,B."
        )
    for package in packages:
        if not _PACKAGE.fullmatch(package):
            raise ConfigError(
                f"{command}: --packages: not a package (got '{package}'). Write names, with a "
                "version if need be: 'onnxruntime,scikit-learn>=1.5'."
            )
    return True


@contextmanager
def new_environment(root: Path, name: str, packages: tuple[str, ...], base: str) -> Iterator[None]:
    """Make the environment `name` with `packages` and what is in the requirements file `base`.

    Its packages are added to those of the tests, in requirements/own.in. All is taken back if the
    block raises an error. Raises RelayError if the lock cannot be made.
    """
    folder, own = root / ENVIRONMENTS / name, root / "requirements" / "own.in"
    kept = {
        path: path.read_text("utf-8") for path in (own, own.with_suffix(".txt")) if path.exists()
    }
    head = "# What components of this project need, for the tests: .venv-dev has it as well.\n"
    try:
        folder.mkdir(parents=True)
        required = "".join(f"{package}\n" for package in packages)
        write_text(folder / "requirements.in", f"-r {base}\n{required}")
        write_text(folder / "conda.yml", _CONDA)
        (folder / "uv.toml").symlink_to("../../uv.toml")
        line = f"-r ../{ENVIRONMENTS}/{name}/requirements.in\n"
        write_text(own, f"{kept.get(own, head)}{line}")
        _compile(root, [own, folder / "requirements.in"])
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        for path in (own, own.with_suffix(".txt")):
            path.unlink(missing_ok=True)
            if path in kept:
                write_text(path, kept[path])
        raise


def _compile(root: Path, sources: list[Path]) -> None:
    """Compile the locks of `sources`, which takes some seconds and the network."""
    words = [str(path.relative_to(root)) for path in sources]
    environ = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        [sys.executable, str(root / "tools" / "lock.py"), *words],
        cwd=root,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = done.stderr.strip() or done.stdout.strip() or "no output"
        raise RelayError(
            f"--packages: the lock could not be made, so nothing was written:\n{reason}\n"
            "Correct the names or versions, or set up the package index (UV_DEFAULT_INDEX)."
        )
