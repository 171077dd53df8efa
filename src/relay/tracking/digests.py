"""The digest of an artifact's content, the same whichever backend keeps it.

SHA-256 over the lines `<sha256 of the file>  <path>`, sorted by path: what `sha256sum` prints for
the files of the artifact's folder, hashed once more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path


def digest_of_files(files: Mapping[str, str]) -> str:
    """Return the digest of an artifact from the SHA-256 of its files, by path (with `/`)."""
    lines = "".join(f"{files[path]}  {path}\n" for path in sorted(files))
    return hashlib.sha256(lines.encode()).hexdigest()


def digest_of_path(path: Path) -> str:
    """Return the digest of an artifact that consists of the file or folder `path`."""
    if path.is_file():
        return digest_of_files({path.name: sha256_of(path)})
    files = (file for file in path.rglob("*") if file.is_file())
    return digest_of_files({file.relative_to(path).as_posix(): sha256_of(file) for file in files})


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of the file at `path`, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
