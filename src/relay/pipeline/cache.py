"""The step cache: finished steps are recognised by an alias on all of their outputs.

The steps set it themselves, as the last thing that they do (`relay.step.execution`).
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

    In a team's project the marks are everybody's: one person's step serves the others and CI.
    """

    backend: Backend
    root: Path
    """The checkout."""
    enabled: bool
    forced: frozenset[str]
    """Steps that run whatever the cache says."""
    _known: dict[str, ArtifactVersion | None] = field(default_factory=dict)
    """Versions that have been seen, by exact reference."""
    _damaged: dict[str, str] = field(default_factory=dict)
    """By step, which of its cached outputs is damaged."""

    def compute_fingerprint(
        self, job: PlannedStep, inputs: Mapping[str, str]
    ) -> Fingerprint | None:
        """What decides the outputs of `job` on `inputs` (exact references by key).

        None where it cannot be said, as of a source that does not tell whether it changed, and
        where the step is to run every time.
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
            aliases={one: digest_at(self.backend, one) for one in job.step.state},
        )

    def find(
        self, job: PlannedStep, fingerprint: Fingerprint | None
    ) -> dict[str, ArtifactVersion] | None:
        """The outputs of `job` where a run with this fingerprint made them before, else None."""
        if not self.enabled or job.name in self.forced or fingerprint is None:
            return None
        self._damaged.pop(job.name, None)
        found: dict[str, ArtifactVersion] = {}
        for key, output in job.step.outputs.items():
            version = self.backend.find(f"{output.name}:{fingerprint.alias}")
            if version is None or version.type != output.type:
                return None
            damage = self.backend.find_damage(version)
            if damage is not None:
                self._damaged[job.name] = f"{version}: {damage}"
                return None
            found[key] = version
        self._known |= {str(version): version for version in found.values()}
        return found

    def move_latest(self, outputs: Mapping[str, ArtifactVersion]) -> None:
        """Make outputs that a step was spared for the newest, as if it had made them again."""
        for version in outputs.values():
            if LATEST not in version.aliases:
                self.backend.set_alias(version, LATEST)

    def note(self, outputs: Mapping[str, str]) -> None:
        """Read what is said of `outputs`, exact references, anew: they may have been made again."""
        for reference in outputs.values():
            self._known.pop(reference, None)

    def why(self, job: PlannedStep, fingerprint: Fingerprint | None) -> str:
        """Why `job` has to run, in a few words."""
        if not job.step.cache:
            return "runs every time"
        if not self.enabled:
            return "cache=false"
        if job.name in self.forced:
            return f"force={job.name}"
        if job.name in self._damaged:
            return self._damaged[job.name]
        if fingerprint is None:
            return "its source does not say whether it changed"
        output = next(iter(job.step.outputs.values()))
        newest = self.backend.find(output.name)
        then = None if newest is None else newest.metadata.get(FINGERPRINT_KEY) or {}
        return (
            ", ".join(describe_changes(fingerprint, then))
            or "no output of exactly this is in the store"
        )

    def version(self, reference: str) -> ArtifactVersion | None:
        """The version that `reference`, an exact one, names; looked up once."""
        if reference not in self._known:
            self._known[reference] = self.backend.find(reference)
        return self._known[reference]

    def _digest(self, reference: str) -> str:
        version = self.version(reference)
        return "" if version is None else _counts_as(version)


def _counts_as(version: ArtifactVersion) -> str:
    """The digest of what matters of `version` to a step that uses it: mostly all of it."""
    return str(version.metadata.get(COUNTS_AS) or version.digest)
