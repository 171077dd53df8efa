"""A stand-in for docker, which runs a container's command as a process of this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.loading import ROOT

_SCRIPT = """#!{python}
import os, subprocess, sys
words = sys.argv[1:]
with open({calls!r}, "a") as calls:
    print(*words, file=calls)
if os.environ.get("STAND_IN_FAILS") == words[0]:
    sys.exit(os.environ["STAND_IN_MESSAGE"])
if words[:2] == ["image", "ls"]:
    print(os.environ.get("STAND_IN_TAGS", ""))
if words[0] == "run":
    command = words[words.index("python") + 1 :]
    environ = {{**os.environ, "PYTHONPATH": {source!r}}}
    os.execve({python!r}, [{python!r}, *command], environ)
"""


class StandIn:
    """The stand-in is `docker` on the PATH; each of its calls is a line."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self._calls = folder / "calls"
        script = folder / "bin" / "docker"
        script.parent.mkdir()
        script.write_text(
            _SCRIPT.format(python=sys.executable, calls=str(self._calls), source=str(ROOT / "src"))
        )
        script.chmod(0o755)
        patch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines() if self._calls.exists() else []

    def has_tags(self, *tags: str) -> None:
        self._patch.setenv("STAND_IN_TAGS", "\n".join(tags))

    def fails(self, command: str, message: str) -> None:
        self._patch.setenv("STAND_IN_FAILS", command)
        self._patch.setenv("STAND_IN_MESSAGE", message)
