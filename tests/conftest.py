"""What all tests share."""

from __future__ import annotations

import hashlib
import importlib
import os
import pickle

# Tests run side by side: threads of numeric libraries would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relay.config import compose
from relay.config.files import ConfigFiles
from tests.loading import ROOT
from tests.workers import set_shared_folder

_MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own in it
_MEMORY_BYTES = 4 * 1024**3


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests' folders in memory, as SQLite waits for the disk at each commit.

    Unless slow tests are among them, which install gigabytes.
    """
    if "not slow" in config.option.markexpr and _has_room(_MEMORY):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


def _has_room(folder: Path) -> bool:
    """Return whether tests can keep files in `folder`, and start programs from it."""
    if not os.access(folder, os.W_OK):
        return False
    system = os.statvfs(folder)
    is_executable = not system.f_flag & os.ST_NOEXEC
    return is_executable and system.f_bavail * system.f_frsize >= _MEMORY_BYTES


@pytest.fixture
def shared() -> Path:
    """Return the folder of real data sets beside the checkout; skip the test if there is none."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared data sets are not here")
    return folder


@pytest.fixture(scope="session", autouse=True)
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Share a folder with the other processes that run tests."""
    set_shared_folder(tmp_path_factory)


@pytest.fixture(scope="session", autouse=True)
def no_login(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Neither a W&B key nor a login: no test may reach the account of whoever runs it.

    Nor settings of Relay, such as the folder for outputs.
    """
    nowhere = tmp_path_factory.mktemp("no-login")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("WANDB_", "RELAY_"))]:
            patch.delenv(name)
        patch.setenv("NETRC", str(nowhere / "netrc"))
        patch.setenv("WANDB_CONFIG_DIR", str(nowhere))
        yield


@pytest.fixture(scope="session", autouse=True)
def shipped_settings() -> Iterator[None]:
    """Leave out the settings of a project and of a person: the tests are about Relay's own.

    Only in the checkout; a copy that a test makes has those that the test writes. What the same
    files were composed to is kept, as it takes a fifth of a second.
    """
    folder = ROOT / "config"
    own = [f"~{name}@_global_" for name in ("project", "local") if any(folder.glob(f"{name}/*"))]
    compose_files = compose._compose
    composed: dict[tuple[bytes, ...], bytes] = {}

    def compose_shipped(files: ConfigFiles, overrides: list[str]) -> Any:
        words = [*overrides, *(own if files.folder == folder else [])]
        key = (_digest_folder(files.folder), *(word.encode() for word in words))
        if key not in composed:
            composed[key] = pickle.dumps(compose_files(files, words))
        return pickle.loads(composed[key])  # noqa: S301 - our own; a copy takes seven times as long

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compose, "_compose", compose_shipped)
        yield


def _digest_folder(folder: Path) -> bytes:
    """Return a digest of the files in `folder`, and in the folders that it links to."""
    digest = hashlib.sha256()
    for place, folders, names in os.walk(folder, followlinks=True):
        folders.sort()
        for path in (Path(place) / name for name in sorted(names)):
            digest.update(f"{path.relative_to(folder)}\n".encode())
            digest.update(path.read_bytes())
    return digest.digest()


@pytest.fixture(autouse=True)
def own_settings() -> Iterator[None]:
    """Undo what a test, or the code that it calls in this process, sets in RELAY_* variables."""
    before = {name: value for name, value in os.environ.items() if name.startswith("RELAY_")}
    yield
    for name in [name for name in os.environ if name.startswith("RELAY_")]:
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(scope="session", autouse=True)
def trackio_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trackio reads TRACKIO_DIR once, when it is imported: one folder for all tests of a process.

    Imported here, since any test may be the first that needs it.
    """
    folder = tmp_path_factory.mktemp("trackio")
    os.environ["TRACKIO_DIR"] = str(folder)
    importlib.import_module("trackio.utils")
    return folder
