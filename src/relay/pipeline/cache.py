"""The step cache: a finished step is known by an alias on all of its outputs.

The step itself sets the alias, as the last thing that it does (`relay.step.execution`).
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
    """Looks finished steps up in `backend`.

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
        self, job: PlannedStep, inputs: Mapping[str, str]
    ) -> Fingerprint | None:
        """Return what decides the outputs of `job` on `inputs` (exact references by key).

        None if the step runs every time, or its source does not show whether it has changed.
        """
        source = job.source_state()
        if source is None or not job.step.cache:
            return None
        digests = {key: self._digest(reference) for key, reference in inputs.items()}
        state = {SOURCE: source} if source else {}
        state |= job.component.looked_up(job.valid, digests, self.backend.find)
        return Fingerprint(
            code=code_digests(job.component.folder, self.root),
            params=job.plain_params,
            inputs=digests,
            state=state,
            aliases={alias: digest_at(self.backend, alias) for alias in job.step.state},
        )

    def find(
        self, job: PlannedStep, fingerprint: Fingerprint | None
    ) -> dict[str, ArtifactVersion] | None:
        """Return the outputs that `job` made with this fingerprint before, or None."""
        if not self.enabled or job.name in self.forced or fingerprint is None:
            return None
        self._damaged.pop(job.name, None)
        outputs: dict[str, ArtifactVersion] = {}
        for key, output in job.step.outputs.items():
            version = self.backend.find(f"{output.name}:{fingerprint.alias}")
            if version is None or version.type != output.type:
                return None
            damage = self.backend.find_damage(version)
            if damage is not None:
                self._damaged[job.name] = f"{version}: {damage}"
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

    def why(self, job: PlannedStep, fingerprint: Fingerprint | None) -> str:
        """Return why `job` has to run, in a few words."""
        if not job.step.cache:
            return "runs every time"
        if not self.enabled:
            return "cache=false"
        if job.name in self.forced:
            return f"force={job.name}"
        if job.name in self._damaged:
            return self._damaged[job.name]
        if fingerprint is None:
            return "its source does not show whether it changed"
        output = next(iter(job.step.outputs.values()))
        newest = self.backend.find(output.name)
        then = None if newest is None else newest.metadata.get(FINGERPRINT_KEY) or {}
        return (
            ", ".join(describe_changes(fingerprint, then))
            or "the store has no output of exactly this"
        )

    def version(self, reference: str) -> ArtifactVersion | None:
        """Return the version of `reference`, an exact one; it is looked up once."""
        if reference not in self._versions:
            self._versions[reference] = self.backend.find(reference)
        return self._versions[reference]

    def _digest(self, reference: str) -> str:
        version = self.version(reference)
        return "" if version is None else _counts_as(version)


def _counts_as(version: ArtifactVersion) -> str:
    """Return the digest of those files of `version` that matter to a step: by default, of all."""
    return str(version.metadata.get(COUNTS_AS) or version.digest)
