"""The outbox: runs that a server did not take, kept on this machine until they are uploaded.

Each is a folder with `run.json` and the files of its outputs and pictures.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from relay.tracking.interface import Backend
from relay.tracking.run_records import RunRecord, replay
from relay.tracking.settings import TrackingSettings
from relay.tracking.wandb.login import server_of
from relay.util.errors import RelayError
from relay.util.files import remove_folder, replace_folder
from relay.util.redact import redact_url

_FILE = "run.json"


@dataclass(frozen=True)
class KeptRun:
    """A run with the server and the project that it is for."""

    server: str
    tracking: TrackingSettings
    record: RunRecord


def keep(kept: Path, tracking: TrackingSettings, record: RunRecord) -> Path:
    """Copy `record` and its files into a new folder in `kept`, whole or not at all; return it."""
    folder = kept / record.spec.id
    with replace_folder(folder) as aside:
        copied = _with_paths(record, lambda path: _copy(path, aside))
        run = KeptRun(_server(), tracking, copied)
        # A metric may be NaN; a value that is not plain is a number of numpy's.
        content = to_json(
            run, indent=2, inf_nan_mode="constants", fallback=lambda number: number.item()
        )
        (aside / _FILE).write_bytes(content)
    return folder


def list_outbox(kept: Path) -> dict[Path, KeptRun]:
    """Return the runs in `kept` by their folders, oldest first."""
    files = [path for path in kept.glob(f"*/{_FILE}") if not path.parent.name.startswith(".")]
    files.sort(key=lambda path: path.stat().st_mtime)
    return {path.parent: _read(path.parent) for path in files}


def flush_outbox(kept: Path, tracking: TrackingSettings, backend: Backend) -> Iterator[RunRecord]:
    """Upload the kept runs of this server and project to `backend`; yield each when it is done.

    Raises RelayError if an upload fails: that run and those after it stay kept.
    """
    if tracking.backend != "wandb":
        return
    for folder, run in list_outbox(kept).items():
        mine = (run.server, run.tracking.project) == (_server(), tracking.project)
        if mine and run.tracking.entity in (None, tracking.entity):
            try:
                replay(run.record, backend)
            except RelayError as error:
                raise type(error)(
                    f"{folder}: the kept run '{run.record.spec.name}' could not be uploaded: "
                    f"{str(error).rstrip('.')}. It stays there for the next try; delete the folder "
                    "if you do not need the run."
                ) from error
            remove_folder(folder)
            yield run.record


def _read(folder: Path) -> KeptRun:
    try:
        run = _JSON.validate_json((folder / _FILE).read_bytes())
    except ValidationError as error:
        raise RelayError(
            f"{folder / _FILE}: this version of Relay cannot read the kept run. Move its folder "
            "away, and run its step again."
        ) from error
    return replace(run, record=_with_paths(run.record, lambda path: folder / path))


def _server() -> str:
    return redact_url(server_of(os.environ))


def _copy(path: Path, folder: Path) -> Path:
    """Copy a file or folder into a new folder in `folder`; return its path in that."""
    place = Path(uuid.uuid4().hex) / path.name
    (folder / place.parent).mkdir()
    if path.is_dir():
        shutil.copytree(path, folder / place)
    else:
        shutil.copyfile(path, folder / place)
    return place


def _with_paths(record: RunRecord, change: Callable[[Path], Path]) -> RunRecord:
    return replace(
        record,
        rows=tuple(
            replace(row, images={name: change(path) for name, path in row.images.items()})
            for row in record.rows
        ),
        outputs=tuple(replace(draft, path=change(draft.path)) for draft in record.outputs),
    )


_JSON = TypeAdapter(KeptRun)
