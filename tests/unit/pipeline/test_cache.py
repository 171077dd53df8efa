"""What a step's outputs depend on, as the cache sees it: `check`, which looks the champion up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relay.config import compose as config
from relay.pipeline import plan
from relay.pipeline.cache import StepCache
from relay.pipeline.planned_step import PlannedStep, make_planned_steps
from relay.step.fingerprint import Fingerprint
from relay.tracking import ArtifactVersion
from tests.loading import COMPONENTS, ROOT


class Store:
    """A store with artifacts under the names that they are put under."""

    def __init__(self) -> None:
        self.found: dict[str, ArtifactVersion] = {}
        self.damage: dict[str, str] = {}

    def find_damage(self, version: ArtifactVersion) -> str | None:
        return self.damage.get(version.name)

    def find(self, reference: str) -> ArtifactVersion | None:
        return self.found.get(reference)

    def put(self, reference: str, type: str, digest: str, **metadata: Any) -> None:
        name, _, version = reference.partition(":")
        self.found[reference] = ArtifactVersion(name, version, type, digest, metadata=metadata)


def made_of(key: str, artifact: str, digest: str) -> dict[str, Any]:
    return {key: {"artifact": artifact, "digest": digest}}


@pytest.fixture
def store() -> Store:
    store = Store()
    store.put("diabetes_clean:v1", "clean_data", "clean-1")
    for number in (0, 1):
        clean = made_of("input", f"diabetes_clean:v{number}", f"clean-{number}")
        store.put(f"diabetes_train:v{number}", "split_data", f"train-{number}", inputs=clean)
    return store


def crown(store: Store, train: str) -> None:
    """Make a model the champion that was trained on diabetes_train:v<train>."""
    inputs = made_of("train", f"diabetes_train:v{train}", f"train-{train}")
    store.put("diabetes_model:champion", "model", f"model-{train}", inputs=inputs)


def job(name: str, *arguments: str) -> PlannedStep:
    loaded = config.load(ROOT / "config", [f"steps={name}", *arguments], Path.cwd())
    return make_planned_steps(COMPONENTS, loaded, plan.build(loaded.settings.pipeline))[0]


def fingerprint_of(store: Store, job: PlannedStep, **inputs: str) -> Fingerprint:
    cache: Any = StepCache(store, ROOT, True, frozenset())  # type: ignore[arg-type]
    fingerprint: Fingerprint = cache.compute_fingerprint(job, inputs)
    return fingerprint


def state(store: Store, *arguments: str) -> Any:
    return fingerprint_of(store, job("check", *arguments), input="diabetes_clean:v1").state


def test_check_depends_on_the_data_of_the_champion(store: Store) -> None:
    crown(store, "0")
    assert state(store) == {"the champion's data": "train-0"}
    store.put("diabetes_model:champion", "model", "other")
    assert state(store) == {}


def test_a_champion_of_the_same_table_changes_nothing(store: Store) -> None:
    before = state(store)
    crown(store, "1")
    assert state(store) == before == {}


def test_without_drift_the_champion_does_not_matter(store: Store) -> None:
    crown(store, "0")
    assert state(store, "data.check.drift.psi=null") == {}


def test_of_a_report_the_result_of_its_gate_counts_and_not_all_its_content(store: Store) -> None:
    train = job("train")

    def of_report(digest: str, **metadata: Any) -> Any:
        store.put("diabetes_report:v0", "data_report", digest, **metadata)
        return fingerprint_of(
            store, train, report="diabetes_report:v0", train="diabetes_train:v1"
        ).inputs["report"]

    assert of_report("one", counts_as="gist") == of_report("two", counts_as="gist") == "gist"
    assert of_report("one") == "one"


def test_a_damaged_output_is_made_again(store: Store) -> None:
    split = job("split")
    made_by = fingerprint_of(store, split, input="diabetes_clean:v1")
    for name in ("diabetes_train", "diabetes_test"):
        store.put(f"{name}:{made_by.alias}", "split_data", name)
    cache: Any = StepCache(store, ROOT, True, frozenset())  # type: ignore[arg-type]
    assert set(cache.find(split, made_by)) == {"train", "test"}
    store.damage["diabetes_test"] = "its file data.parquet is missing"
    assert cache.find(split, made_by) is None
    alias = f"diabetes_test:{made_by.alias}"
    assert cache.why(split, made_by) == f"{alias}: its file data.parquet is missing"
