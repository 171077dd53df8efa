"""A full disk, or one that is not ours to write, is an error with its path and what to do."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections import namedtuple
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import OperationalError

from relay.step.end_status import End
from relay.tracking.local.backend import LocalBackend
from relay.tracking.mlflow import runs as mlflow_runs
from relay.util import disk
from relay.util.errors import RelayError
from relay.util.files import write_text
from relay.util.project import Project

Usage = namedtuple("Usage", ["total", "used", "free"])


def full(path: Path | None, number: int = errno.ENOSPC) -> OSError:
    return OSError(number, os.strerror(number), *([str(path)] if path else []))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_with_the_path_and_its_room(tmp_path: Path, number: int) -> None:
    text = disk.explain(full(tmp_path / "not" / "there", number), [])
    assert text is not None
    assert f"{tmp_path / 'not' / 'there'}: the disk is full" in text
    assert "free" in text
    assert "TMPDIR" in text


def test_without_a_path_the_fullest_of_what_is_written_to_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = {"a": 5_000_000, "b": 1_000_000}
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: Usage(3_000_000_000, 0, room[Path(path).name])
    )
    for name in room:
        (tmp_path / name).mkdir()
    text = disk.explain(full(None), [tmp_path / "a", tmp_path / "b"])
    assert text is not None
    assert text.startswith(f"{tmp_path / 'b'}: the disk is full: the file system ")
    assert "has 1.0 MB of 3.0 GB free" in text


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.OperationalError("database or disk is full"),
        RuntimeError("[Errno 28] Error writing bytes. Detail: [errno 28] No space left on device"),
    ],
)
def test_so_is_one_that_a_library_met(tmp_path: Path, error: Exception) -> None:
    assert "the disk is full" in str(disk.explain(error, [tmp_path]))
    wrapped = ValueError("it did not work")
    wrapped.__cause__ = error
    assert "the disk is full" in str(disk.explain(wrapped, [tmp_path]))


def test_the_local_store_reports_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path))
    error = sqlite3.OperationalError("database or disk is full")
    with pytest.raises(Exception, match=r"The local store: .*the disk is full"):  # noqa: SIM117
        with LocalBackend("p")._errors():
            raise error


@pytest.mark.parametrize(
    ("number", "why"), [(errno.EACCES, "permission denied"), (errno.EROFS, "read-only")]
)
def test_a_path_that_may_not_be_written_is_named(tmp_path: Path, number: int, why: str) -> None:
    text = disk.explain(full(tmp_path / "x", number), [])
    assert text is not None
    assert f"{tmp_path / 'x'}: cannot be opened or written (" in text
    assert why in text


def test_any_other_error_is_a_bug() -> None:
    assert disk.explain(ValueError("x"), [Path("/")]) is None
    assert disk.explain(FileNotFoundError(errno.ENOENT, "no", "/x"), [Path("/")]) is None


def test_a_step_that_fills_the_disk_ends_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    end = End.of(full(None), [tmp_path, Project(tmp_path).state])
    assert (end.status, end.exit_code) == ("failed", 1)
    assert "the disk is full" in end.message
    assert "Traceback" not in capsys.readouterr().err


def test_the_store_of_mlflow_reports_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    errors = (
        MlflowException("(sqlite3.OperationalError) database or disk is full\n[SQL: INSERT]"),
        OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full")),
    )
    for error in errors:
        with pytest.raises(RelayError, match=rf"MLflow.*: {tmp_path}: the disk is full"):  # noqa: SIM117
            with mlflow_runs._errors():
                raise error


def test_a_file_that_cannot_be_written_has_its_own_name(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gone") as raised:
        write_text(tmp_path / "gone" / "a.json", "{}")
    assert raised.value.filename == str(tmp_path / "gone" / "a.json")
