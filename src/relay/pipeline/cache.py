"""The step cache: an alias on all of its outputs marks a finished step.

The step itself sets the alias, after all else (`relay.step.lifecycle`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from relay.pipeline.planned_step import PlannedStep
from relay.step.context import COUNTS_AS, FINGERPRINT_KEY
from relay.step.fingerprint import SOURCE, Fingerprint, describe_changes, digest_at
from relay.tracking import ArtifactVersion, Backend
from relay.util.code_files import code_digests

LATEST = "latest"


@dataclass
class StepCache:
    """Looks up finished steps in `backend`.

    In a team's project the cache is shared: a step that one person ran is cached for all.
    """

    backend: Backend
    root: Path
    """The checkout."""
    enabled: bool
    forced: frozenset[str]
    """Steps that run although they are cached."""
    _versions: dict[str, ArtifactVersion | None] = field(default_factory=dict)
    """Versions that were looked up, by exact reference."""
    _damaged: dict[str, str] = field(default_factory=dict)
    """The damage of a cached output, by step."""

    def compute_fingerprint(
        self, planned: PlannedStep, inputs: Mapping[str, str]
    ) -> Fingerprint | None:
        """Return the fingerprint of `planned` on `inputs` (exact references by key).

        None if the step runs every time, or its source does not show whether it has changed.
        """
        source = planned.source_state()
        if source is None or not planned.step.cache:
            return None
        digests = {key: self._digest(reference) for key, reference in inputs.items()}
        state = {SOURCE: source} if source else {}
        state |= planned.component.discover_inputs(planned.valid, digests, self.backend.find)
        return Fingerprint(
            code=code_digests(
                planned.component.folder, self.root, planned.component.environment_folder
            ),
            params=planned.plain_params,
            inputs=digests,
            state=state,
            aliases={alias: digest_at(self.backend, alias) for alias in planned.step.state},
        )

    def find(
        self, planned: PlannedStep, fingerprint: Fingerprint | None
    ) -> dict[str, ArtifactVersion] | None:
        """Return the outputs of an earlier run of `planned` with this fingerprint, or None."""
        if not self.enabled or planned.name in self.forced or fingerprint is None:
            return None
        self._damaged.pop(planned.name, None)
        outputs: dict[str, ArtifactVersion] = {}
        for key, output in planned.step.outputs.items():
            version = self.backend.find(f"{output.name}:{fingerprint.alias}")
            if version is None or version.type != output.type:
                return None
            damage = self.backend.find_damage(version)
            if damage is not None:
                self._damaged[planned.name] = f"{version}: {damage}"
                return None
            outputs[key] = version
        self._versions |= {str(version): version for version in outputs.values()}
        return outputs

    def move_latest(self, outputs: Mapping[str, ArtifactVersion]) -> None:
        """Make cached outputs the latest versions, as if the step had made them again."""
        for version in outputs.values():
            if LATEST not in version.aliases:
                self.backend.set_alias(version, LATEST)

    def note(self, outputs: Mapping[str, str]) -> None:
        """Forget the versions of `outputs`, exact references, as they were made again."""
        for reference in outputs.values():
            self._versions.pop(reference, None)

    def why(self, planned: PlannedStep, fingerprint: Fingerprint | None) -> str:
        """Return why `planned` must run, in a few words."""
        if not planned.step.cache:
            return "runs every time"
        if not self.enabled:
            return "cache=false"
        if planned.name in self.forced:
            return f"force={planned.name}"
        if planned.name in self._damaged:
            return self._damaged[planned.name]
        if fingerprint is None:
            return "its source does not show whether it changed"
        output = next(iter(planned.step.outputs.values()))
        newest = self.backend.find(output.name)
        then = None if newest is None else newest.metadata.get(FINGERPRINT_KEY) or {}
        return (
            ", ".join(describe_changes(fingerprint, then))
            or "no output in the store has this fingerprint"
        )

    def version(self, reference: str) -> ArtifactVersion | None:
        """Return the version at the exact `reference`; look it up once."""
        if reference not in self._versions:
            self._versions[reference] = self.backend.find(reference)
        return self._versions[reference]

    def _digest(self, reference: str) -> str:
        version = self.version(reference)
        return "" if version is None else _counts_as(version)


def _counts_as(version: ArtifactVersion) -> str:
    """Return the digest of the files of `version` that matter to a step: by default, of all."""
    return str(version.metadata.get(COUNTS_AS) or version.digest)
