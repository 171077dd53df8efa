"""Parameters of `find_pictures`, and its checks before a run."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from relay import IS_PATH, ConfigError, Facts
from relay import Params as BaseParams


class Params(BaseParams):
    """Where pictures are."""

    list_artifact: str = Field("list", description="name of the list of pictures")
    folder: str = Field(min_length=1, description="of the pictures", json_schema_extra=IS_PATH)
    endings: list[str] = Field([".png"], min_length=1, description="of files that are pictures")


def pictures(params: Params) -> list[Path]:
    """Return the pictures in the folder."""
    files = Path(params.folder).glob("*")
    return sorted(path for path in files if path.suffix in params.endings)


def source_state(params: Params) -> str:
    """Return the names, sizes and times of the pictures."""
    states = ((path.name, path.stat()) for path in pictures(params))
    return repr([(name, state.st_size, state.st_mtime_ns) for name, state in states])


def inspect_source(params: Params, facts: Facts) -> Facts:
    """Return how many pictures there are. Raises ConfigError if there are none."""
    if not Path(params.folder).is_dir():
        raise ConfigError(f"data.folder: there is no folder {params.folder}.")
    if not pictures(params):
        raise ConfigError(f"data.folder: no file in {params.folder} ends in {params.endings}.")
    return {"count": len(pictures(params))}
