"""The path of a file that predictions are written to, checked before anything runs. No pandas."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Annotated

from pydantic import AfterValidator

from relay.util.errors import RelayError
from relay.util.paths import find_local_path, shown

SUFFIXES = (".csv", ".parquet")


def _with_known_suffix(path: str) -> str:
    if PurePath(path).suffix.lower() not in SUFFIXES:
        raise ValueError(
            f"the file must end in {' or '.join(SUFFIXES)}, which decides its format (got {path!r})"
        )
    return path


OutputPath = Annotated[str, AfterValidator(_with_known_suffix)]
"""A path or file:// URL that ends in .csv or .parquet."""


def require_output(text: str, root: Path) -> Path:
    """Return the file that `text` names, once it can be written; a relative path begins at `root`.

    Raises RelayError if it is of another machine or a folder, or if its folder does not exist.
    """
    path = find_local_path(text, root)
    if path is None:
        raise RelayError(
            f"predict.output: not a file on this machine (got {text}). Name a file here, and copy "
            "it when it is written."
        )
    if not path.parent.is_dir():
        raise RelayError(
            f"predict.output: there is no folder {shown(path.parent)}. Make it, or name another "
            "folder."
        )
    if path.is_dir():
        raise RelayError(f"predict.output: {shown(path)} is a folder. Name a file.")
    return path
