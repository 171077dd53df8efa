"""The check of a machine on which steps are to run, on that machine itself.

`python -m relay.step.remote_machine_check REQUEST ANSWER`: both are files. The orchestrator
writes the request, and starts this module as a step is started.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from relay.tracking.remote import SETTING, require_answer
from relay.util.errors import RelayError

_SECONDS = 10.0
"""The time that a server has to answer."""
_CODE = ("src", "components")
_SUFFIXES = (".py", ".yml", ".yaml", ".txt", ".html")


@dataclass(frozen=True)
class Request:
    """What must be as it is on the orchestrator's machine."""

    root: str
    digest: str
    """Of the code in `root`."""
    environments: list[str]
    """The folders of the steps' environments."""
    marks: dict[str, str]
    """Files that must have these texts, in the folders that steps read and write."""
    mlflow: str | None
    """The address of MLflow's server, if it has one."""
    uses_server: bool
    """Whether runs and artifacts go to the server that the environment variables name."""


@dataclass(frozen=True)
class Answer:
    """The machine's name, and what is not as it must be, a sentence each."""

    host: str
    problems: list[str]


def digest_code(root: Path) -> str:
    """Return a digest of the files below `root` that decide what steps do."""
    digest = hashlib.sha256()
    for path in sorted(_files(root)):
        digest.update(f"{path.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def check_machine(request: Request) -> Answer:
    """Return the name of this machine, and what is not as the request needs it."""
    problems: list[str] = []
    root = Path(request.root)
    if digest_code(root) != request.digest:
        problems.append(
            f"{root}: its files in src/ and components/ are not the same as here. Put the project "
            "on a file system that all machines share, or make the copies equal."
        )
    for folder in request.environments:
        if not (Path(folder) / "bin" / "python").exists():
            problems.append(
                f"{folder}: this environment is not there. Set MLFLOW_ENV_ROOT to a folder on a "
                "file system that all machines share."
            )
    for name, text in request.marks.items():
        if _read(Path(name)) != text:
            problems.append(
                f"{Path(name).parent}: the store's folder is not the same there. Set RELAY_HOME to "
                f"a folder on a file system that all machines share, or use {SETTING}."
            )
    error = _try(request.mlflow) if request.mlflow is not None else None
    if error is not None:
        problems.append(
            f"MLFLOW_TRACKING_URI: {request.mlflow} cannot be reached from there ({error}). Give "
            "an address that all machines can reach."
        )
    if request.uses_server:
        try:
            require_answer(os.environ)
        except RelayError as problem:
            problems.append(str(problem))
    return Answer(socket.gethostname(), problems)


def main(words: list[str]) -> int:
    """Write the answer to a request."""
    request, answer = map(Path, words)
    checked = check_machine(Request(**json.loads(request.read_text(encoding="utf-8"))))
    answer.write_text(json.dumps(asdict(checked)), encoding="utf-8")
    return 0


def _files(root: Path) -> Iterator[Path]:
    for name in _CODE:
        for path in (root / name).rglob("*"):
            if path.suffix in _SUFFIXES and path.is_file():
                yield path


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None


def _try(url: str) -> str | None:
    """Return why the server at `url` does not answer, or None if it does, whatever it answers."""
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS):  # noqa: S310 - http or https
            return None
    except urllib.error.HTTPError:
        return None
    except OSError as error:
        return str(getattr(error, "reason", None) or error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
