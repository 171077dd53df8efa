"""Files of the local store are verified when they are read: once, and again when they changed."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

import pytest

from relay.tracking.local import blobs as module
from relay.tracking.local.backend import LocalBackend
from relay.tracking.local.blobs import Blobs
from tests.tracking.conftest import Store

CONTENT = b"a table"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    blobs = Blobs(tmp_path)
    blobs.path(DIGEST).parent.mkdir(parents=True)
    blobs.path(DIGEST).write_bytes(CONTENT)
    return blobs


def test_a_file_is_read_once(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    assert blobs.find_damage(DIGEST) is None
    monkeypatch.setattr(module, "sha256_of", lambda path: pytest.fail("it was read again"))
    assert blobs.find_damage(DIGEST) is None


@pytest.mark.parametrize("content", [b"A table", b"a tab", b""])
def test_a_file_that_changed_is_read_again(blobs: Blobs, content: bytes) -> None:
    assert blobs.find_damage(DIGEST) is None
    status = blobs.path(DIGEST).stat()
    blobs.path(DIGEST).write_bytes(content)
    os.utime(blobs.path(DIGEST), ns=(status.st_atime_ns, status.st_mtime_ns))
    damage = blobs.find_damage(DIGEST)
    assert damage is not None
    assert "damaged" in damage


def test_a_file_that_was_only_touched_is_intact(blobs: Blobs) -> None:
    assert blobs.find_damage(DIGEST) is None
    blobs.path(DIGEST).touch()
    assert blobs.find_damage(DIGEST) is None


def test_a_missing_file(blobs: Blobs) -> None:
    blobs.path(DIGEST).unlink()
    assert blobs.find_damage(DIGEST) == "is missing"


@pytest.mark.parametrize("memory", ["{", "[]", "null"])
def test_an_unreadable_memory_only_costs_a_reading(blobs: Blobs, memory: str) -> None:
    (blobs.folder / "verified.json").write_text(memory)
    assert blobs.find_damage(DIGEST) is None
    blobs.path(DIGEST).write_bytes(b"other")
    assert blobs.find_damage(DIGEST) is not None


def test_content_that_is_stored_again_mends_the_store(trackio_folder: Path, tmp_path: Path) -> None:
    project = f"test-{uuid.uuid4().hex[:12]}"
    store = Store(LocalBackend(project), tmp_path, project)
    version = store.put("a table")
    path = next(trackio_folder.rglob(DIGEST))
    path.write_bytes(b"another")
    damage = store.backend.find_damage(version)
    assert damage == "its file file.txt is damaged: its content is not what was stored"
    assert store.put("a table").version == version.version
    assert store.backend.find_damage(version) is None
    assert (store.files("table:v0") / "file.txt").read_bytes() == CONTENT
