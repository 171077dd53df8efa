"""From recorded lineage to the steps that make the same again, as a pipeline's configuration."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from relay.models.trusted import SETTING as TRUSTED_SETTING
from relay.step.params import ARTIFACT_SUFFIX, to_text
from relay.tracking import ArtifactVersion
from relay.tracking.lineage import Find, ancestry, recorded_inputs
from relay.util.errors import RelayError


@dataclass
class Recipe:
    """Steps as in `pipeline.steps`; what is to be compared is found by exact reference."""

    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    given: dict[str, ArtifactVersion] = field(default_factory=dict)
    """What was made of nothing that is in the store, such as the raw file, by its reference in the
    scratch store, to which it is copied."""
    made: dict[str, ArtifactVersion] = field(default_factory=dict)
    """Recorded versions by the `step.output` that makes each again."""


def recipe_of(
    wanted: Sequence[ArtifactVersion], find: Find, trusted_types: Collection[str] = ()
) -> Recipe:
    """Return how all of `wanted`, and all that they were made of, are made again.

    Of the types that a step was allowed to trust, those are left that are in `trusted_types`: an
    artifact must not extend them. RelayError where one of what is needed is not in the store any
    more, or does not say how it was made.
    """
    versions: dict[str, ArtifactVersion] = {}
    for version in wanted:
        for reference, one in ancestry(version, find).items():
            if one is None:
                raise RelayError(
                    f"{version} cannot be made again: {reference}, which it was made of, is not in "
                    "the store any more."
                )
            versions.setdefault(reference, one)
        versions.setdefault(str(version), version)
    return _Writer(find, trusted_types).write(versions)


class _Writer:
    def __init__(self, find: Find, trusted_types: Collection[str]) -> None:
        self._find = find
        self._trusted_types = trusted_types
        self._recipe = Recipe()
        self._places: dict[str, str] = {}
        """By recorded reference where it comes from: `step.output`, or its name in the scratch."""
        self._by_run: dict[str, str] = {}
        self._names: dict[str, int] = {}

    def write(self, versions: Mapping[str, ArtifactVersion]) -> Recipe:
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
                f"{version} does not say which component made it, and with which parameters: it "
                "was made by an earlier version of Relay, or by something else."
            )
        inputs = {key: one.artifact for key, one in recorded_inputs(version).items()}
        inputs = {key: one for key, one in inputs.items() if f"{key}{ARTIFACT_SUFFIX}" in params}
        run = to_text([component, params, inputs])
        if run not in self._by_run:
            self._by_run[run] = self._step(str(component), params, inputs)
        step = self._by_run[run]
        outputs = self._recipe.steps[step]["outputs"]
        for key, output in outputs.items():
            if params[f"{key}{ARTIFACT_SUFFIX}"] == version.name:
                output["type"] = version.type
                return f"{step}.{key}"
        raise RelayError(f"{version} is not an output of the step that is recorded as its maker.")

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
            one for one in self._trusted_types if isinstance(recorded, list) and one in recorded
        ]

    def _type(self, name: str) -> str:
        newest = self._find(name)
        return "" if newest is None else newest.type

    def _number(self, name: str) -> str:
        """Return `name`, with a number behind it where it is taken."""
        count = self._names[name] = self._names.get(name, 0) + 1
        return name if count == 1 else f"{name}-{count}"
