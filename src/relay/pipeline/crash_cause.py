"""The cause, read from a step's log, of a process that ended before it could report."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from relay.util.names import nearest

_BEGIN = "Traceback (most recent call last):"
_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)')
_ERROR = re.compile(r"^(?P<type>[A-Za-z_][\w.]*)(: (?P<text>.*))?$")
_NO_MODULE = re.compile(r"No module named '(?P<name>[^']+)'")
_MISSPELT = ("SyntaxError", "IndentationError", "TabError")


@dataclass(frozen=True)
class _Raised:
    """The last traceback of a log: the error's type and text, and its place in the project."""

    type: str
    text: str
    place: str


def explain_crash(lines: list[str], component: Path, root: Path) -> str | None:
    """Return why a process of `component` ended early, from the last `lines` of its log.

    The text has the file and line in the checkout at `root` and, if a module is missing, what to
    do. None if the log has no traceback of the project's own code.
    """
    raised = _last_raised(lines, root)
    if raised is None:
        return None
    missing = _NO_MODULE.search(raised.text)
    if raised.type == "ModuleNotFoundError" and missing:
        return f"{raised.place}: {_missing_module(missing['name'], component, root)}"
    if raised.type in _MISSPELT:
        return f"{raised.place}: not valid Python ({raised.text}). Correct it."
    return f"{raised.place}: {raised.type}: {raised.text}".rstrip(": ")


def _missing_module(name: str, component: Path, root: Path) -> str:
    files = [path.stem for path in component.glob("*.py")]
    meant = nearest(name, files)
    hint = f" (is it '{meant}'?)" if meant else ""
    if name.split(".", maxsplit=1)[0] in ("relay", "relay_dates", "relay_nets"):
        return f"there is no module '{name}' in src/. Correct the import."
    # The lock itself, as components with the same one link to it.
    lock = (component / "requirements.txt").resolve()
    return (
        f"there is no module '{name}': it is neither a file of components/{component.name}{hint} "
        "nor in a package of its environment. Add its package to "
        f"{lock.with_suffix('.in').relative_to(root.resolve())}, and run `make lock`."
    )


def _last_raised(lines: list[str], root: Path) -> _Raised | None:
    starts = [number for number, line in enumerate(lines) if line.strip() == _BEGIN]
    if not starts:
        return None
    place = ""
    for line in lines[starts[-1] + 1 :]:
        frame = _FRAME.match(line)
        if frame is not None:
            path = Path(frame["file"])
            if path.is_relative_to(root) and "site-packages" not in path.parts:
                place = f"{path.relative_to(root)}, line {frame['line']}"
        elif not line.startswith(" "):
            error = _ERROR.match(line)
            if error is not None and place:
                return _Raised(error["type"], error["text"] or "", place)
    return None
