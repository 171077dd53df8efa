"""Inputs from the store that were made with other settings than the present ones are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relay.config import compose as config
from relay.pipeline import plan
from relay.pipeline.cache import StepCache
from relay.pipeline.planned_step import make_planned_step, make_planned_steps
from relay.pipeline.preflight import Preflight
from relay.pipeline.run_state import RunState
from relay.pipeline.stale_inputs import StaleInputs
from relay.runtime.component import load_component
from relay.tracking import ArtifactVersion
from tests.loading import COMPONENTS, ROOT

ARTIFACTS = {
    "get_data": ["raw"],
    "clean": ["clean"],
    "check": ["report"],
    "split": ["train", "test"],
    "train": ["model"],
}


class Store:
    """A store with what a whole run with some settings leaves."""

    name = "store"

    def __init__(self, *arguments: str) -> None:
        self.found: dict[str, ArtifactVersion] = {}
        loaded = config.load(ROOT / "config", arguments, Path.cwd())
        the_plan = plan.build(loaded.settings.pipeline)
        for step, outputs in ARTIFACTS.items():
            job = make_planned_step(loaded, the_plan[step], load_component(COMPONENTS, step))
            inputs = {
                key: {"artifact": f"{name}:v0", "digest": name}
                for key, reference in job.references.items()
                if (name := reference.partition(":")[0])
            }
            metadata = {"component": step, "params": job.plain_params, "inputs": inputs}
            for output in outputs:
                self.put(job.step.outputs[output].name, metadata)

    def put(self, name: str, metadata: dict[str, Any], *aliases: str) -> None:
        version = ArtifactVersion(name, "v0", f"{name}", name, aliases, metadata)
        for alias in ("v0", "latest"):
            self.found[f"{name}:{alias}"] = version

    def find(self, reference: str) -> ArtifactVersion | None:
        return self.found.get(reference)

    def find_damage(self, version: ArtifactVersion) -> None: ...


def warnings(store: Any, *arguments: str) -> list[str]:
    """Return the warnings of a run with these settings that takes its inputs from `store`."""
    loaded = config.load(ROOT / "config", arguments, Path.cwd())
    the_plan = plan.build(loaded.settings.pipeline)
    cache = StepCache(store, ROOT, True, frozenset())
    jobs = make_planned_steps(COMPONENTS, loaded, the_plan)
    pipeline = RunState(the_plan, jobs, store, cache, Preflight(jobs))
    pipeline.settle()
    return StaleInputs(COMPONENTS, loaded, the_plan, cache).warnings(pipeline.taken)


def test_the_same_settings_cause_no_warning() -> None:
    settings = ("split.test_size=0.3", "data.drop=[bmi]", "model=linear")
    assert warnings(Store(*settings), "steps=train+", *settings) == []


def test_the_setting_both_values_and_what_to_run_are_named() -> None:
    assert warnings(Store("split.test_size=0.3"), "steps=train+") == [
        "diabetes_train:v0 and diabetes_test:v0 were made with split.test_size=0.3, the present "
        "settings have 0.2. To remake them: steps=split+"
    ]


def test_what_the_inputs_were_made_of_counts() -> None:
    store = Store("data.drop=[bmi]", "data.url=other.csv")
    assert warnings(store, "steps=train") == [
        "diabetes_raw:v0 (diabetes_clean:v0 was made of it) was made with "
        f"data.url={ROOT / 'other.csv'}, the present settings have sklearn://diabetes. To remake "
        "it: steps=get_data+",
        'diabetes_clean:v0 (diabetes_train:v0 was made of it) was made with data.drop=["bmi"], '
        "the present settings have []. To remake it: steps=clean+",
    ]


@pytest.mark.parametrize(
    ("then", "now", "text"),
    [
        ("model=linear", "model=random_forest", "model=linear, the present settings have random_f"),
        ("model.params.max_depth=3", "seed=42", "model.params.max_depth=3, the present settings "
         "have null"),
        ("model.params.max_leaf_nodes=3", "seed=42", "max_leaf_nodes=3, the present settings have "
         "nothing"),
    ],
)  # fmt: skip
def test_of_a_model_what_differs_is_named(then: str, now: str, text: str) -> None:
    assert text in warnings(Store(then), "steps=evaluate", now)[0]


def test_many_differences_are_counted() -> None:
    changed = ("split.test_size=0.3", "split.stratify=false", "split.group_column=sex", "seed=7")
    (line,) = warnings(Store(*changed), "steps=train")
    assert "split.test_size=0.3, split.stratify=false, split.group_column=sex (and 1 more)" in line


@pytest.mark.parametrize("setting", ["data.refresh=always", "data.max_mb=3", "data.read.max_mb=3"])
def test_settings_without_effect_on_the_content_are_not_a_difference(setting: str) -> None:
    assert warnings(Store(setting), "steps=train+") == []


def test_content_that_the_present_settings_also_made_is_not_a_difference() -> None:
    store: Any = Store("split.stratify=false")
    loaded = config.load(ROOT / "config", ["steps=split"], Path.cwd())
    (job,) = make_planned_steps(COMPONENTS, loaded, plan.build(loaded.settings.pipeline))
    made = StepCache(store, ROOT, True, frozenset()).compute_fingerprint(
        job, {"input": "diabetes_clean:v0"}
    )
    assert made is not None
    train = replace(store.found["diabetes_train:v0"], aliases=(made.alias,))
    store.found |= {"diabetes_train:v0": train, "diabetes_train:latest": train}
    assert warnings(store, "steps=train") == []


def test_what_does_not_record_its_settings_is_left_out() -> None:
    store = Store("split.test_size=0.3")
    for name in ("diabetes_train", "diabetes_test"):
        store.put(name, {})
    assert warnings(store, "steps=train+") == []


def test_the_model_of_predict_is_not_compared_with_the_present_settings() -> None:
    store = Store("model=linear")
    store.found["diabetes_model:champion"] = store.found["diabetes_model:v0"]
    assert warnings(store, "steps=predict", "predict.input=new.csv") == []
