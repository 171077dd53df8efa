"""A model made again: what must run for it, and what counts as the same."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from relay.commands.reproduce.command import first_passed, reproduce
from relay.commands.reproduce.comparison import artifact_line, metric_lines
from relay.commands.reproduce.file_comparison import differing
from relay.commands.reproduce.recipe import recipe_of, recorded_environment
from relay.config.schema import StepSpec
from relay.pipeline import plan
from relay.tracking import ArtifactVersion
from relay.util.errors import ConfigError, RelayError
from relay.util.project import Project
from tests.loading import ROOT


class Store(dict[str, ArtifactVersion]):
    """Artifacts by their exact references."""

    def put(
        self, reference: str, type: str, component: str = "", params: Any = None, **inputs: str
    ) -> ArtifactVersion:
        name, _, version = reference.partition(":")
        records = {
            key: {"artifact": reference, "digest": f"digest of {reference}"}
            for key, reference in inputs.items()
        }
        metadata = {"inputs": records, "params": params, "component": component}
        made = ArtifactVersion(name, version, type, f"digest of {reference}", metadata=metadata)
        self[reference] = self[name] = made
        return made


@pytest.fixture
def store() -> Store:
    store = Store()
    store.put("d_raw:v0", "raw_data", "get_data", {"raw_artifact": "d_raw", "url": "x"})
    clean = {"input_artifact": "d_raw:latest", "clean_artifact": "d_clean", "target": "y"}
    store.put("d_clean:v3", "clean_data", "clean", clean, input="d_raw:v0")
    split = {"input_artifact": "d_clean:v3", "train_artifact": "d_train", "test_artifact": "d_test",
             "seed": 7}  # fmt: skip
    for name in ("d_train:v1", "d_test:v1"):
        store.put(name, "split_data", "split", split, input="d_clean:v3")
    train = {"train_artifact": "d_train:v1", "report_artifact": "", "model_artifact": "d_model",
             "model": {"name": "forest"}, "text": None}  # fmt: skip
    store.put("d_model:v2", "model", "train", train, train="d_train:v1")
    judge = {"model_artifact": "d_model:v2", "test_artifact": "d_test:v1",
             "evaluation_artifact": "d_evaluation"}  # fmt: skip
    store.put(
        "d_evaluation:v2", "evaluation", "evaluate", judge, model="d_model:v2", test="d_test:v1"
    )
    return store


def test_each_step_is_run_once_with_what_was_recorded(store: Store) -> None:
    recipe = recipe_of([store["d_model:v2"], store["d_evaluation:v2"]], store.get)
    assert list(recipe.steps) == ["clean", "split", "train", "evaluate"]
    assert recipe.steps["clean"]["inputs"] == {"input": "d_raw:v0"}
    assert recipe.steps["split"] == {
        "component": "split",
        "inputs": {"input": "clean.clean"},
        "outputs": {
            "train": {"name": "d_train", "type": "split_data"},
            "test": {"name": "d_test", "type": "split_data"},
        },
        "params": {"seed": 7},
    }
    assert recipe.steps["train"]["inputs"] == {"train": "split.train"}
    assert recipe.steps["evaluate"]["inputs"] == {"model": "train.model", "test": "split.test"}
    assert recipe.given == {"d_raw": store["d_raw:v0"]}
    assert recipe.made["evaluate.evaluation"] == store["d_evaluation:v2"]


def test_a_recorded_type_is_trusted_only_by_a_setting(store: Store) -> None:
    trusting = {"model_artifact": "d_model", "train_artifact": "d_train:v1",
                "trusted_types": ["numpy.load", "numpy.sort"]}  # fmt: skip
    model = store.put("d_model:v3", "model", "train", trusting, train="d_train:v1")
    for given, left in (([], []), (["numpy.sort", "numpy.max"], ["numpy.sort"])):
        recipe = recipe_of([model], store.get, given)
        assert recipe.steps["train"]["params"] == {"trusted_types": left}


def test_the_steps_are_a_plan(store: Store) -> None:
    recipe = recipe_of([store["d_evaluation:v2"]], store.get)
    specs = {name: StepSpec.model_validate(step) for name, step in recipe.steps.items()}
    assert plan.build(specs).names == ["clean", "split", "train", "evaluate"]


def test_what_is_gone_from_the_store_is_named(store: Store) -> None:
    del store["d_clean:v3"]
    with pytest.raises(RelayError, match="d_clean:v3, which it was made from, is not in the store"):
        recipe_of([store["d_model:v2"]], store.get)


def test_a_version_without_a_record_of_its_run_is_an_error(store: Store) -> None:
    store.put("d_model:v2", "model", "", None, train="d_train:v1")
    with pytest.raises(RelayError, match=r"^d_model:v2: cannot be made again, as its component"):
        recipe_of([store["d_model:v2"]], store.get)


def test_two_steps_of_one_component_and_their_outputs_have_names_of_their_own(
    store: Store,
) -> None:
    params = {"input_artifact": "d_clean:v3", "train_artifact": "d_train", "test_artifact": "t",
              "seed": 8}  # fmt: skip
    store.put("d_train:v9", "split_data", "split", params, input="d_clean:v3")
    recipe = recipe_of([store["d_model:v2"], store["d_train:v9"]], store.get)
    assert recipe.steps["split-2"]["outputs"]["train"]["name"] == "d_train-2"


class Made:
    """A backend that knows what was made from a model, oldest first."""

    def __init__(self, *made: ArtifactVersion) -> None:
        self.made_from = lambda model: list(made)


def test_the_evaluation_that_the_model_passed_counts_and_not_one_of_a_later_run() -> None:
    model = ArtifactVersion("m", "v0", "model", "digest of m:v0")
    inputs = {"model": {"artifact": "m:v0", "digest": model.digest}}

    def evaluation(version: str, **metadata: Any) -> ArtifactVersion:
        of_model = {"metrics": {"r2": 0.4}, "inputs": inputs, **metadata}
        return ArtifactVersion("e", version, "evaluation", version, metadata=of_model)

    at_first, later = evaluation("v0", passed=True), evaluation("v2", passed=True)
    failed = evaluation("v1", passed=False)
    assert first_passed(Made(at_first, failed, later), model) == [at_first]  # type: ignore[arg-type]
    assert first_passed(Made(failed, later), model) == [later]  # type: ignore[arg-type]
    assert first_passed(Made(failed), model) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "must have one model"),
        (["a", "b"], "must have one model"),
        (["a", "seed=1"], "can be set .got 'seed=1'."),
    ],
)
def test_a_wrong_command_is_an_error(argv: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        reproduce(Project(ROOT), argv, None)  # type: ignore[arg-type]


def skops(ids: list[int], array: bytes) -> bytes:
    """Return a model as skops saves it: objects are named by where they were in memory."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("schema.json", json.dumps({"__id__": ids[0], "file": f"{ids[1]}.npy"}))
        archive.writestr(f"{ids[1]}.npy", array)
    return content.getvalue()


def mlmodel(time: str, version: str = "1") -> bytes:
    return f"utc_time_created: '{time}'\nmodel_uuid: {time}\nmlflow_version: {version}\n".encode()


def parquet(*values: float) -> bytes:
    content = io.BytesIO()
    pd.DataFrame({"predicted": values}).to_parquet(content)
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "recorded", "again", "same"),
    [
        ("a.bin", b"1", b"1", True),
        ("a.bin", b"1", b"2", False),
        ("MLmodel", mlmodel("monday"), mlmodel("tuesday"), True),
        ("MLmodel", mlmodel("monday"), mlmodel("monday", "2"), False),
        ("model.skops", skops([1, 2], b"x"), skops([3, 4], b"x"), True),
        ("model.skops", skops([1, 2], b"x"), skops([1, 2], b"y"), False),
        ("m.json", b'{"model": "m:v2", "r2": 0.1}', b'{"model":"m:v0","r2":0.1}', True),
        ("m.json", b'{"model": "m:v3"}', b'{"model": "m:v0"}', False),
        ("m.json", b'{"r2": 0.1}', b'{"r2": 0.10000000000000002}', True),
        ("m.json", b'{"r2": 0.1}', b'{"r2": 0.1001}', False),
        ("m.json", b'{"r2": 0.1}', b"{", False),
        ("p.html", b"<b>m:v2</b>", b"<b>m:v0</b>", True),
        ("p.html", b"<b>m:v2</b>", b"<b>m:v1</b>", False),
        ("p.parquet", parquet(1.0, float("nan")), parquet(1.0 + 1e-15, float("nan")), True),
        ("p.parquet", parquet(1.0, 2.0), parquet(1.0, 2.1), False),
    ],
)  # fmt: skip
def test_what_counts_as_the_same(
    name: str, recorded: bytes, again: bytes, same: bool, tmp_path: Path
) -> None:
    for folder, content in (("recorded", recorded), ("again", again)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(content)
    differences = differing(tmp_path / "recorded", tmp_path / "again", {"m:v2": "m:v0"})
    assert differences == ([] if same else [name])


def test_a_file_that_only_one_has_differs(tmp_path: Path) -> None:
    for folder, name in (("a", "one"), ("b", "two")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).touch()
    assert differing(tmp_path / "a", tmp_path / "b", {}) == ["one", "two"]


def measured(**metadata: Any) -> ArtifactVersion:
    return ArtifactVersion("e", "v0", "evaluation", "d", metadata=metadata)


def test_metrics_are_compared_by_name() -> None:
    recorded = measured(metrics={"r2": 0.5, "mae": 1.0}, cv={"cv_r2_mean": 0.4})
    lines = list(metric_lines(recorded, measured(metrics={"r2": 0.5, "mae": 2.0}, cv={})))
    assert {line.name: line.same for line in lines} == {
        "r2": True, "mae": False, "cv_r2_mean": False
    }  # fmt: skip
    assert lines[1].note == "by +1"


def test_a_version_is_the_same_by_its_files_though_its_digest_is_another() -> None:
    recorded, again = (
        ArtifactVersion("m", version, "model", version * 20) for version in ("v2", "v0")
    )
    assert artifact_line(recorded, again, []).same
    line = artifact_line(recorded, again, ["model.skops"])
    assert (line.same, line.note) == (False, "differs: model.skops")


def test_a_step_runs_again_in_the_environment_that_it_ran_in(store: Store) -> None:
    made = store["d_clean:v3"]
    lock = {"components/clean/run.py": "1", "environments/deep/requirements.txt": "2"}
    made = replace(made, metadata={**made.metadata, "made_with": {"code": lock}})
    assert recorded_environment(store["d_raw:v0"]) is None
    assert recorded_environment(made) == "deep"
    assert recipe_of([made], store.get).steps["clean"]["environment"] == "deep"
