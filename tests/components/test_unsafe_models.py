"""A model in the store that would run code or write elsewhere: no component loads it."""

from __future__ import annotations

import os
import pickle
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import skops.io
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from tests.components.conftest import Store
from tests.made_models import features, flats, price_model, save

ESCAPING = "../../escaped.txt"
Change = Callable[[Path, Path], None]
"""Changes the model in the first folder so that loading it makes the file at the second path."""


class Opens:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def hold_a_function(folder: Path, mark: Path) -> None:
    call = FunctionTransformer(os.mkdir, kw_args={"mode": 0o700})
    skops.io.dump(make_pipeline(call, price_model()), folder / "model.skops")


def be_a_pickle(folder: Path, mark: Path) -> None:
    (folder / "model.skops").write_bytes(pickle.dumps(Opens(mark)))


def ask_for_a_pickle(folder: Path, mark: Path) -> None:
    (folder / "model.pkl").write_bytes(pickle.dumps(Opens(mark)))
    text = (folder / "MLmodel").read_text().replace("serialization_format: skops", "")
    (folder / "MLmodel").write_text(text.replace("model.skops", "model.pkl"))


def have_a_file_elsewhere(folder: Path, mark: Path) -> None:
    (folder / "elsewhere.txt").write_text("not here")


MODELS: dict[str, tuple[Change, str]] = {
    "function": (hold_a_function, "posix.mkdir, which Relay does not trust"),
    "pickle": (be_a_pickle, "cannot be loaded: model.skops is not in the format skops"),
    "description": (ask_for_a_pickle, "is saved as pickle, which can run any code"),
    "path": (
        have_a_file_elsewhere,
        f"the path of its file {ESCAPING} leaves the artifact's folder",
    ),
}


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("component", ["evaluate", "predict"])
def test_a_model_that_is_not_safe_is_one_error_and_runs_nothing(
    store: Store, tmp_path: Path, kind: str, component: str
) -> None:
    change, message = MODELS[kind]
    mark = tmp_path / "mark"
    folder = save(price_model(), store.folder / "model", features(flats()))
    change(folder, mark)
    store.put("flats_model", "model", folder, {"target": "price", "train_target": {"mean": 1.0}})
    store.put_table("flats_test", "split_data", flats(seed=1))
    if kind == "path":
        rename_in_store(store, "elsewhere.txt", ESCAPING)
    flats(seed=2).to_csv(tmp_path / "new.csv", index=False)
    given: dict[str, dict[str, Any]] = {
        "evaluate": {"test_artifact": "flats_test:latest", "target": "price"},
        "predict": {"input_path": tmp_path / "new.csv", "output_path": tmp_path / "out.csv"},
    }
    before = set(tmp_path.parent.iterdir())
    done = store.run(component, model_artifact="flats_model:latest", **given[component])
    assert done.status == 1, done.output
    assert done.result is not None
    error = done.result.error or ""
    assert error.startswith("flats_model:v0")
    assert message in error
    assert "Traceback" not in done.output
    assert done.result.outputs == {}
    assert not mark.exists()
    assert not (tmp_path / "out.csv").exists()
    assert set(tmp_path.parent.iterdir()) == before
    assert not list(tmp_path.rglob("escaped.txt"))


def rename_in_store(store: Store, name: str, path: str) -> None:
    """Let a file of an artifact have another path, as a store that others write to may have it."""
    with sqlite3.connect(store.trackio / f"{store.project}.db") as database:
        database.execute(
            "UPDATE artifact_versions SET manifest = replace(manifest, ?, ?)", (name, path)
        )
