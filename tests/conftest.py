"""What all tests share."""

from __future__ import annotations

import importlib
import os

# Tests run side by side: threads of numeric libraries would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relay.config import compose
from relay.config.files import ConfigFiles
from tests.loading import ROOT


@pytest.fixture
def shared() -> Path:
    """Return the folder of real data sets beside the checkout; skip the test if there is none."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared data sets are not here")
    return folder


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

    Only in the checkout; a copy that a test makes has those that the test writes.
    """
    folder = ROOT / "config"
    own = [f"~{name}@_global_" for name in ("project", "local") if any(folder.glob(f"{name}/*"))]
    composed = compose._compose

    def compose_shipped(files: ConfigFiles, overrides: list[str]) -> Any:
        return composed(files, [*overrides, *(own if files.folder == folder else [])])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compose, "_compose", compose_shipped)
        yield


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
