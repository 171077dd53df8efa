"""The packages of a lock, and those that are installed in an environment."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from packaging.markers import Marker
from packaging.utils import canonicalize_name

_PINNED = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+) *(?:;(?P<marker>[^\\\n]+))?", re.MULTILINE
)

_INCLUDED = re.compile(r"^-r \.\./([\w-]+)/requirements\.in$", re.MULTILINE)


def is_installed(lock: Path, folder: Path) -> bool:
    """Return whether each package of `lock` is installed in `folder`, in the version it names."""
    return _read_pins(lock, _find_python_version(folder)) <= _list_installed(folder)


def includes(environment: Path, name: str) -> bool:
    """Return whether `environment`, a folder in environments/, has all packages of that `name`.

    Its requirements.in then begins with `-r ../name/requirements.in`, or includes one that does.
    """
    try:
        text = (environment / "requirements.in").read_text(encoding="utf-8")
    except OSError:
        return False
    included = _INCLUDED.findall(text)
    return name in included or any(includes(environment.parent / one, name) for one in included)


def read_packages(lock: str) -> dict[str, str]:
    """Return the version of each package of the text of a lock, by name.

    A package whose version depends on a marker, such as the Python, has all of its versions.
    """
    versions: dict[str, list[str]] = {}
    for match in _PINNED.finditer(lock):
        versions.setdefault(str(canonicalize_name(match["name"])), []).append(match["version"])
    return {name: ", ".join(dict.fromkeys(found)) for name, found in sorted(versions.items())}


def _read_pins(lock: Path, python: str) -> set[tuple[str, str]]:
    """Return (name, version) of each package of the lock that `python`, such as 3.11, needs."""
    versions = {"python_version": python, "python_full_version": f"{python}.0"}
    return {
        (str(canonicalize_name(match["name"])), match["version"])
        for match in _PINNED.finditer(lock.read_text(encoding="utf-8"))
        if not match["marker"] or Marker(match["marker"].strip()).evaluate(versions)
    }


def _find_python_version(folder: Path) -> str:
    """Return the Python version in `folder`, such as 3.11, or that of this process if none is."""
    names = (path.name.removeprefix("python3.") for path in folder.glob("lib/python3.*"))
    # conda links python3.1 to python3.11
    minor = max((int(name) for name in names if name.isdigit()), default=sys.version_info.minor)
    return f"3.{minor}"


def _list_installed(folder: Path) -> set[tuple[str, str]]:
    """Return (name, version) of each package installed in `folder`, from its metadata folders."""
    installed = set()
    for record in folder.glob("lib/python*/site-packages/*.dist-info/RECORD"):
        name, _, number = record.parent.name.removesuffix(".dist-info").partition("-")
        installed.add((str(canonicalize_name(name)), number))
    return installed
