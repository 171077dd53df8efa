"""The local store's files, each named by the SHA-256 of its content, and their verification.

A file is read in full once, and again when its size, time or inode has changed; a file beside the
store remembers those of verified files.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from relay.tracking.digests import sha256_of
from relay.util.files import write_text

Damage = str
"""The damage to a stored file, in a few words."""

LOST: Damage = "is missing"
CHANGED: Damage = "is damaged: its content is not what was stored"
_ASIDE = ".damaged"


@dataclass(frozen=True)
class Blobs:
    """The stored files of one project; `folder` is what Trackio calls its artifacts folder."""

    folder: Path

    def path(self, digest: str) -> Path:
        """Return the path of the file with the SHA-256 `digest`."""
        return self.folder / "blobs" / "sha256" / digest[:2] / digest

    def find_damage(self, digest: str) -> Damage | None:
        """Return the damage to the file named `digest`, or None if it is intact.

        A damaged file is moved aside, so that a step that makes the same content stores it again.
        Raises OSError if the file cannot be read.
        """
        path = self.path(digest)
        stamp = _stamp(path)
        if stamp is None:
            return LOST
        remembered = self._remembered()
        if remembered.get(digest) == stamp:
            return None
        if sha256_of(path) != digest:
            with contextlib.suppress(OSError):  # the store may be read-only
                path.rename(path.with_name(path.name + _ASIDE))
            return CHANGED
        self._remember(digest, stamp)
        return None

    @property
    def _memory(self) -> Path:
        return self.folder / "verified.json"

    def _remembered(self) -> dict[str, list[int]]:
        """Return the stamp of each file when it was verified; empty if that cannot be read."""
        try:
            content = json.loads(self._memory.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _remember(self, digest: str, stamp: list[int]) -> None:
        # Of two steps that write at once, one is lost: its file is then verified again.
        with contextlib.suppress(OSError):
            write_text(self._memory, json.dumps({**self._remembered(), digest: stamp}))


def _stamp(path: Path) -> list[int] | None:
    """Return the size, times and inode of the file at `path`, or None if it does not exist."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
