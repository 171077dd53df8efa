"""Loading a model runs no code: exact types are trusted, whatever the model's own files ask for."""

from __future__ import annotations

import functools
import json
import operator
import os
import pickle
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
import yaml
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVR

from relay.models.loading import load_model, require_servable
from relay.models.saving import types_of
from relay.models.trusted import trusted_types
from relay.step.params import validate
from relay.util.errors import ConfigError, RelayError
from tests.loading import load
from tests.made_models import features, flats, price_model, save
from tests.made_training import (
    MODELS,
    config,
    cross_validation,
    quick,
    sklearn_pipeline,
    spec,
    training_set,
)

ROWS = 80


def of_all_kinds(target: str) -> pd.DataFrame:
    """Return a table with a column of each kind, missing values in them, and `y`."""
    random = np.random.default_rng(0)
    x = random.normal(size=ROWS)
    gaps = random.random(ROWS) < 0.1
    words = [" ".join(random.choice(["dry", "red", "sweet"], 3)) + f" {i}" for i in range(ROWS)]
    table = pd.DataFrame(
        {
            "number": np.where(gaps, np.nan, x),
            "when": pd.date_range("2020-01-01", periods=ROWS, freq="17h"),
            "kind": pd.Series(random.choice(["a", "b"], ROWS), dtype="str").mask(gaps),
            "yes": x > 0.3,
            "text": pd.Series(words, dtype="str"),
        }
    )
    table["y"] = {
        "numbers": pd.Series(np.exp(x)),
        "truths": pd.Series(x > 0),
        "classes": pd.Series(np.select([x > 0.5, x < -0.5], ["h", "l"], "m"), dtype="str"),
    }[target]
    return table


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("target", "settings"),
    [
        ("numbers", {}),
        ("numbers", {"target_transform": "log"}),
        ("numbers", {"target_transform": "log1p"}),
        ("numbers", {"target_transform": "sqrt"}),
        ("truths", {}),
        ("classes", {"class_weight": "balanced"}),
    ],
)
def test_each_model_that_ships_holds_trusted_types_only(
    name: str, target: str, settings: dict[str, Any]
) -> None:
    given = training_set.prepare(of_all_kinds(target), "y", "text")
    model = spec({**quick(config(name)), **settings})
    pipeline = cross_validation.train(given, model, folds=0, seed=0).pipeline
    assert set(types_of(pipeline)) <= trusted_types()


@pytest.mark.parametrize(
    "path",
    [
        "sklearn.svm.SVR",
        "sklearn.neighbors.KNeighborsRegressor",
        "sklearn.neural_network.MLPRegressor",
        "sklearn.ensemble.GradientBoostingRegressor",
        "sklearn.gaussian_process.GaussianProcessRegressor",
        "sklearn.linear_model.TweedieRegressor",
        "sklearn.ensemble.AdaBoostRegressor",
    ],
)
def test_so_do_other_estimators_of_scikit_learn(path: str) -> None:
    given = training_set.prepare(of_all_kinds("numbers"), "y", None)
    pipeline = cross_validation.train(given, spec({"_target_": path}), folds=0, seed=0).pipeline
    assert set(types_of(pipeline)) <= trusted_types()


def test_the_list_has_classes_only() -> None:
    for name in trusted_types():
        module, _, class_name = name.rpartition(".")
        assert isinstance(getattr(__import__(module, fromlist=[class_name]), class_name), type)


def saved_as(folder: Path, pipeline: Any, declared: list[str] | None = None) -> Path:
    """Return a model's folder with `pipeline` in its skops file; MLmodel declares `declared`."""
    save(price_model(), folder, features(flats()))
    content = skops.io.dumps(pipeline)
    (folder / "model.skops").write_bytes(content)
    everything = skops.io.get_untrusted_types(data=content)
    edit_flavor(folder, "sklearn", skops_trusted_types=everything if declared is None else declared)
    return folder


def edit_flavor(folder: Path, flavor: str, **entries: Any) -> None:
    description = yaml.safe_load((folder / "MLmodel").read_text())
    description["flavors"].setdefault(flavor, {}).update(entries)
    (folder / "MLmodel").write_text(yaml.safe_dump(description))


def edit_schema(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the types that the skops file in `folder` names."""
    path = folder / "model.skops"
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(files["schema.json"])
    change(schema)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**files, "schema.json": json.dumps(schema).encode()}.items():
            archive.writestr(name, content)


def calling(function: Any) -> Any:
    """Return a pipeline that calls `function` with the table when it predicts."""
    return make_pipeline(FunctionTransformer(function), LinearRegression())


HOSTILE = {
    "numpy.load": calling(np.load),
    "numpy.testing._private.utils.runstring": calling(np.testing._private.utils.runstring),
    "functools.partial": calling(functools.partial(np.sum, axis=0)),
    "operator.methodcaller": calling(operator.methodcaller("to_csv", "/tmp/x")),  # noqa: S108
    "operator.attrgetter": calling(operator.attrgetter("__class__")),
    "sklearn.linear_model._base.LinearRegression.fit": calling(LinearRegression().fit),
    "numpy.vectorize": calling(np.vectorize(abs)),
    "posix.system": calling(os.system),
    "builtins.eval": calling(eval),
    "numpy.fromfile": calling(np.array([None, np.fromfile], dtype=object)),
}


@pytest.mark.parametrize("declared", [None, []], ids=["declared", "undeclared"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_model_that_holds_anything_else_is_not_loaded(
    tmp_path: Path, name: str, declared: list[str] | None
) -> None:
    folder = saved_as(tmp_path / "m", HOSTILE[name], declared)
    for refuse in (load_model, require_servable):
        with pytest.raises(RelayError, match=r"m:v1 is not") as raised:
            refuse(folder, "m:v1")
        assert name in str(raised.value)
        assert "trusted_types=[" in str(raised.value)


def node(loader: str, name: str, **content: Any) -> dict[str, Any]:
    """Return a node of a skops schema, of the type or function `name`."""
    module, _, class_name = name.rpartition(".")
    return {"__loader__": loader, "__module__": module, "__class__": class_name, **content}


def put_in(
    crafted: dict[str, Any], protocol: int | None = None
) -> Callable[[dict[str, Any]], None]:
    """Put `crafted` in the place of one of a pipeline's attributes."""

    def change(schema: dict[str, Any]) -> None:
        schema["content"]["content"]["memory"] = crafted
        if protocol is not None:
            schema["protocol"] = protocol

    return change


NOTHING = node("TupleNode", "builtins.tuple", content=[])
CRAFTED: dict[str, tuple[str, dict[str, Any]]] = {
    "a constructor": ("subprocess.Popen", node(
        "ConstructorFromReduceNode", "subprocess.Popen", content=NOTHING
    )),
    "a function as a type": ("os.system", node("TypeNode", "os.system")),
    "a function as an object": ("os.system", node("ObjectNode", "os.system")),
    "a function for the keys of a mapping": ("os.system", node(
        "DictNode", "builtins.dict",
        key_types=node("ListNode", "builtins.list", content=[node("TypeNode", "os.system")]),
        content={"touch marker": node("JsonNode", "builtins.str", content="1")},
    )),
    "a list that is another type": ("os.system", node("ListNode", "os.system", content=[NOTHING])),
    "a tree that is another type": ("os.system", node(
        "TreeNode", "os.system", content=NOTHING, __reduce__={"args": NOTHING}
    )),
    "a loss that is another type": ("os.system", node(
        "LossNode", "os.system", content=NOTHING, __reduce__={"args": NOTHING}
    )),
    "a function of an earlier format": ("os.system", node(
        "FunctionNode", "numpy.exp", content={"module_path": "os", "function": "system"}
    )),
}  # fmt: skip


@pytest.mark.parametrize("protocol", [None, 0, 1])
@pytest.mark.parametrize("what", CRAFTED)
def test_a_file_that_was_written_by_hand_is_not_loaded(
    tmp_path: Path, what: str, protocol: int | None
) -> None:
    name, crafted = CRAFTED[what]
    folder = saved_as(tmp_path / "m", make_pipeline(LinearRegression()), declared=[])
    if what.endswith("format"):
        protocol = 0
    edit_schema(folder, put_in(crafted, protocol))
    with pytest.raises(RelayError, match=rf"m:v1 is not loaded: it has {name},"):
        load_model(folder, "m:v1")


@pytest.mark.parametrize("name", ["numpy.exp", "sklearn.svm._classes.SVR"])
def test_what_skops_knows_to_be_harmless_needs_no_setting(tmp_path: Path, name: str) -> None:
    pipelines = {"numpy.exp": calling(np.exp), "sklearn.svm._classes.SVR": make_pipeline(SVR())}
    table = flats()[["area"]]
    folder = saved_as(tmp_path / "m", pipelines[name].fit(table, flats()["price"]))
    assert load_model(folder, "m:v1").task == "regression"


def test_the_users_setting_adds_exact_types(tmp_path: Path) -> None:
    folder = saved_as(tmp_path / "m", calling(np.sort))
    assert load_model(folder, "m:v1", ["numpy.sort"]).task == "regression"
    for others in (["numpy.sor"], ["numpy.*"], ["numpy"]):
        with pytest.raises(RelayError, match=r"has numpy\.sort, .*trusted_types=\[numpy\.sort\]"):
            load_model(folder, "m:v1", others)


@pytest.mark.parametrize("wrong", ["numpy", "numpy.*", "numpy.a b", ""])
def test_a_setting_that_is_not_the_full_name_of_a_type_is_an_error(wrong: str) -> None:
    params = load("predict", "params").Params
    with pytest.raises(ConfigError, match="not the full name of a type"):
        validate(params, {"model_artifact": "m", "input_path": "a", "trusted_types": [wrong]})


@pytest.mark.parametrize(
    ("flavor", "entries", "shown"),
    [
        ("sklearn", {"pickled_model": "../other/model.skops"}, "pickled_model: ../other"),
        ("sklearn", {"pickled_model": "/etc/model.skops"}, "pickled_model: /etc"),
        ("python_function", {"loader_module": "os"}, "loader_module: os"),
        ("python_function", {"model_path": "other.pkl"}, "model_path: other.pkl"),
        ("python_function", {"data": "data"}, "python_function.data"),
        ("python_function", {"code": "."}, "python_function.code"),
        ("python_function", {"predict_fn": "__init_subclass__"}, "predict_fn"),
        ("python_function", {"env": {"conda": "../conda.yaml"}}, "python_function.env"),
        ("crate", {"version": "1"}, "the flavor crate"),
    ],
)
def test_a_description_that_leads_elsewhere_is_refused(
    tmp_path: Path, flavor: str, entries: dict[str, Any], shown: str
) -> None:
    folder = save(price_model(), tmp_path / "m", features(flats()))
    edit_flavor(folder, flavor, **entries)
    with pytest.raises(RelayError, match=f"m:v1 is not loaded: its file MLmodel has .*{shown}"):
        load_model(folder, "m:v1")


@pytest.mark.parametrize("content", ["", "[]", "flavors: 3", "flavors: {sklearn: x}", "a: [", "\0"])
def test_a_description_that_is_none_is_an_error(tmp_path: Path, content: str) -> None:
    folder = save(price_model(), tmp_path / "m", features(flats()))
    (folder / "MLmodel").write_text(content)
    with pytest.raises(RelayError, match="m:v1 is not"):
        load_model(folder, "m:v1")


class Opened:
    """Pickled, it makes a file when it is loaded."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return open, (self.path, "w")


def test_a_pickle_under_the_name_of_the_model_is_not_unpickled(tmp_path: Path) -> None:
    folder = save(price_model(), tmp_path / "m", features(flats()))
    for dump in (pickle.dump, joblib.dump):
        with (folder / "model.skops").open("wb") as file:
            dump(Opened(str(tmp_path / "marker")), file)
        with pytest.raises(RelayError, match="not in the format skops"):
            load_model(folder, "m:v1")
    assert not (tmp_path / "marker").exists()


def test_a_pickle_within_the_models_file_is_not_unpickled(tmp_path: Path) -> None:
    folder = saved_as(tmp_path / "m", calling(np.exp))
    array = np.array([Opened(str(tmp_path / "marker"))], dtype=object)
    with (
        zipfile.ZipFile(folder / "model.skops", "a") as archive,
        archive.open("a.npy", "w") as member,
    ):
        np.save(member, array, allow_pickle=True)
    sneaked = node("NdArrayNode", "numpy.ndarray", type="numpy", file="a.npy")
    edit_schema(folder, put_in(sneaked))
    with pytest.raises(RelayError, match="m:v1 cannot be loaded: ValueError"):
        load_model(folder, "m:v1")
    assert not (tmp_path / "marker").exists()


def test_a_packed_file_that_would_fill_the_memory_is_not_unpacked(tmp_path: Path) -> None:
    folder = save(price_model(), tmp_path / "m", features(flats()))
    path = folder / "model.skops"
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.npy", bytes(5_000_000))
    with pytest.raises(RelayError, match=r"m:v1 is not loaded: .* bytes and unpacks to 5\d+"):
        load_model(folder, "m:v1")


def test_a_deep_nest_of_lists_is_an_error(tmp_path: Path) -> None:
    folder = saved_as(tmp_path / "m", calling(np.exp))
    deep = NOTHING
    for _ in range(300):
        deep = node("ListNode", "builtins.list", content=[deep])
    edit_schema(folder, put_in(deep))
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(500)  # newer Pythons take fewer frames for each list
    try:
        with pytest.raises(RelayError, match="m:v1 cannot be loaded: RecursionError"):
            load_model(folder, "m:v1")
    finally:
        sys.setrecursionlimit(limit)


def test_a_link_to_another_file_is_not_followed(tmp_path: Path) -> None:
    folder = save(price_model(), tmp_path / "m", features(flats()))
    (folder / "model.skops").rename(tmp_path / "other.skops")
    (folder / "model.skops").symlink_to(tmp_path / "other.skops")
    with pytest.raises(RelayError, match=r"m:v1 is not loaded: model\.skops is a link"):
        load_model(folder, "m:v1")


def test_members_of_the_file_are_written_nowhere(tmp_path: Path) -> None:
    folder = save(price_model(), tmp_path / "m", features(flats()))
    with zipfile.ZipFile(folder / "model.skops", "a") as archive:
        archive.writestr("../../escaped", b"x")
        archive.writestr(str(tmp_path / "escaped"), b"x")
    load_model(folder, "m:v1")
    assert [path.name for path in tmp_path.rglob("*escaped*")] == []


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("requirements.txt", "evil==1"),
        ("requirements.txt", "scikit-learn @ https://example.invalid/x.whl"),
        ("requirements.txt", "--index-url https://example.invalid/simple"),
        ("requirements.txt", "-r ../other.txt"),
        ("requirements.txt", "./package"),
        ("requirements.txt", "numpy==2.0 ; python_version > '3' and evil"),
        ("python_env.yaml", "evil"),
        ("conda.yaml", "evil"),
    ],
)
def test_a_model_that_requires_other_packages_is_not_served(
    tmp_path: Path, file: str, line: str
) -> None:
    folder = save(price_model(), tmp_path / "m", features(flats()))
    require_servable(folder, "m:v1")
    path = folder / file
    if file.endswith(".txt"):
        path.write_text(path.read_text() + f"\n{line}\n")
    else:
        content = yaml.safe_load(path.read_text())
        content["dependencies"].append(line)
        path.write_text(yaml.safe_dump(content))
    with pytest.raises(RelayError) as raised:
        require_servable(folder, "m:v1")
    assert f"m:v1 is not registered: its files require '{line}'" in str(raised.value)


def test_a_channel_for_packages_of_its_own_is_one_of_them(tmp_path: Path) -> None:
    folder = save(price_model(), tmp_path / "m", features(flats()))
    content = yaml.safe_load((folder / "conda.yaml").read_text())
    content["channels"] = ["https://example.invalid/channel"]
    (folder / "conda.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(RelayError, match=r"its files require 'https://example\.invalid"):
        require_servable(folder, "m:v1")


@pytest.mark.parametrize("name", MODELS)
def test_what_train_saves_can_be_served(tmp_path: Path, name: str) -> None:
    given = training_set.prepare(of_all_kinds("numbers"), "y", "text")
    pipeline = cross_validation.train(given, spec(quick(config(name))), folds=0, seed=0).pipeline
    require_servable(sklearn_pipeline.save(pipeline, given.x, tmp_path / "m"), "m:v1")
