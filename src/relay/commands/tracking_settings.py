"""The settings of `tracking` that a run would have, composed once for the same files of config/.

Hydra takes half a second to import and to compose all settings, most of the time of a command that
looks something up. So what it composed last is kept, with a digest of all that it came from.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from relay.config.schema import TrackingSpec
from relay.util.files import write_text
from relay.util.paths import start_folder
from relay.util.project import Project

_FILE = "tracking.json"
_CODE = Path(__file__).parents[1] / "config"
_OUTSIDE = (b"oc.env", b"searchpath")
"""With these, files refer to environment variables or to folders outside of config/."""


def read_tracking(project: Project, settings: Sequence[str]) -> TrackingSpec:
    """Return the settings of `tracking` of a run with `settings`.

    Raises ConfigError if a setting is wrong.
    """
    start = start_folder(project.root, os.environ)
    digest = _digest(project.config, [str(start), *settings])
    path = project.state / _FILE
    if digest is not None and (kept := _read(path, digest)) is not None:
        return kept
    from relay.config import compose
    from relay.config.overrides import from_arguments

    spec = compose.load(project.config, from_arguments(list(settings)), start).settings.tracking
    if digest is not None and project.state.is_dir():
        content = {"digest": digest, "tracking": spec.model_dump_json()}
        with contextlib.suppress(OSError):  # it is composed again then
            write_text(path, json.dumps(content))
    return spec


def _digest(config: Path, words: Sequence[str]) -> str | None:
    """Return a digest of the files in `config`, of the code that reads them, and of `words`.

    None if the files are not all that the settings depend on.
    """
    digest = hashlib.sha256(json.dumps(words).encode())
    paths = sorted(config.rglob("*"))
    if any(path.is_symlink() and path.is_dir() for path in paths):
        return None
    for path in (*paths, *sorted(_CODE.glob("*.py"))):
        if path.suffix not in (".yaml", ".py"):
            continue
        try:
            content = path.read_bytes()
        except OSError:  # composing reports it
            return None
        if path.suffix == ".yaml" and any(word in content for word in _OUTSIDE):
            return None
        digest.update(f"{path}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _read(path: Path, digest: str) -> TrackingSpec | None:
    """Return the settings in the file `path`, if they were composed from the same."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["digest"] != digest:
            return None
        return TrackingSpec.model_validate_json(content["tracking"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
