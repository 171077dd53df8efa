"""The recipe of an artifact: the steps of its recorded lineage, as a pipeline's configuration."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from relay.models.trusted import SETTING as TRUSTED_SETTING
from relay.runtime.component import ENVIRONMENTS
from relay.step.context import FINGERPRINT_KEY
from relay.step.fingerprint import LOCK
from relay.step.params import ARTIFACT_SUFFIX, to_text
from relay.tracking import ArtifactVersion
from relay.tracking.lineage import Find, ancestry, recorded_inputs
from relay.util.errors import RelayError


@dataclass
class Recipe:
    """The steps, as in `pipeline.steps`, their given inputs, and the versions to compare with."""

    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    given: dict[str, ArtifactVersion] = field(default_factory=dict)
    """The versions without recorded inputs, such as the raw file, by their names in the scratch
    store, to which they are copied."""
    made: dict[str, ArtifactVersion] = field(default_factory=dict)
    """The recorded versions, by the `step.output` that makes each again."""


def recipe_of(
    wanted: Sequence[ArtifactVersion], find: Find, trusted_types: Collection[str] = ()
) -> Recipe:
    """Return the recipe for `wanted` and all their ancestors.

    A step trusts only the recorded types that are in `trusted_types`, too, as an artifact must not
    extend these. Raises RelayError if an ancestor is not in the store any more, or if an artifact
    has no record of its step.
    """
    versions: dict[str, ArtifactVersion] = {}
    for version in wanted:
        for reference, ancestor in ancestry(version, find).items():
            if ancestor is None:
                raise RelayError(
                    f"{version}: cannot be made again, as {reference}, which it was made from, is "
                    "not in the store any more. Choose a later version."
                )
            versions.setdefault(reference, ancestor)
        versions.setdefault(str(version), version)
    return _Writer(find, trusted_types).write(versions)


def recorded_environment(version: ArtifactVersion) -> str | None:
    """Return the folder in environments/ that the step ran in; None for its component's own."""
    code = (version.metadata.get(FINGERPRINT_KEY) or {}).get("code") or {}
    locks = (re.fullmatch(rf"{ENVIRONMENTS}/([\w-]+)/{re.escape(LOCK)}", path) for path in code)
    return next((lock[1] for lock in locks if lock), None)


class _Writer:
    def __init__(self, find: Find, trusted_types: Collection[str]) -> None:
        self._find = find
        self._trusted_types = trusted_types
        self._recipe = Recipe()
        self._places: dict[str, str] = {}
        """The source of each recorded reference: `step.output`, or a name in the scratch store."""
        self._by_run: dict[str, str] = {}
        self._names: dict[str, int] = {}

    def write(self, versions: Mapping[str, ArtifactVersion]) -> Recipe:
        """Return the recipe of `versions`, by reference, each after those it was made from."""
        for reference, version in versions.items():
            if recorded_inputs(version):
                self._places[reference] = self._made(version)
                self._recipe.made[self._places[reference]] = version
            else:
                name = self._number(version.name)
                self._places[reference] = f"{name}:v0"
                self._recipe.given[name] = version
        return self._recipe

    def _made(self, version: ArtifactVersion) -> str:
        """Return `step.output` of the step that makes `version`; write the step if it is new."""
        component, params = version.metadata.get("component"), version.metadata.get("params")
        if not component or not isinstance(params, dict):
            raise RelayError(
                f"{version}: cannot be made again, as its component and parameters are not "
                "recorded. It was made by an earlier version of Relay or by another program; "
                "train it again."
            )
        inputs = {
            key: record.artifact
            for key, record in recorded_inputs(version).items()
            if f"{key}{ARTIFACT_SUFFIX}" in params
        }
        run = to_text([component, params, inputs])
        if run not in self._by_run:
            self._by_run[run] = self._step(str(component), params, inputs)
            environment = recorded_environment(version)
            if environment is not None:
                self._recipe.steps[self._by_run[run]]["environment"] = environment
        step = self._by_run[run]
        outputs = self._recipe.steps[step]["outputs"]
        for key, output in outputs.items():
            if params[f"{key}{ARTIFACT_SUFFIX}"] == version.name:
                output["type"] = version.type
                return f"{step}.{key}"
        raise RelayError(
            f"{version}: cannot be made again, as its recorded step has no output with this name. "
            "Was the artifact renamed?"
        )

    def _step(self, component: str, params: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
        step = self._number(component)
        artifacts = {
            key.removesuffix(ARTIFACT_SUFFIX): name
            for key, name in params.items()
            if key.endswith(ARTIFACT_SUFFIX)
        }
        self._recipe.steps[step] = {
            "component": component,
            "inputs": {key: self._places[reference] for key, reference in inputs.items()},
            "outputs": {
                key: {"name": self._number(name), "type": self._type(name)}
                for key, name in artifacts.items()
                if name and key not in inputs
            },
            "params": {
                key: self._allowed(value) if key == TRUSTED_SETTING else value
                for key, value in params.items()
                if not key.endswith(ARTIFACT_SUFFIX)
            },
        }
        return step

    def _allowed(self, recorded: Any) -> list[str]:
        return [
            name for name in self._trusted_types if isinstance(recorded, list) and name in recorded
        ]

    def _type(self, name: str) -> str:
        newest = self._find(name)
        return "" if newest is None else newest.type

    def _number(self, name: str) -> str:
        """Return `name`, with a number after it if it is taken."""
        count = self._names[name] = self._names.get(name, 0) + 1
        return name if count == 1 else f"{name}-{count}"
