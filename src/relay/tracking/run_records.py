"""A whole run as a record, to write into a backend later: after a failed upload, or to publish."""

from __future__ import annotations

from dataclasses import dataclass, replace

from relay.tracking.interface import (
    REPLAYED,
    SECONDS,
    SOURCE_TYPE,
    ArtifactVersion,
    Backend,
    Draft,
    Row,
    RunSpec,
    RunStatus,
)


@dataclass(frozen=True)
class RunRecord:
    """All that a run recorded; `inputs` are exact references in the backend that it is for."""

    spec: RunSpec
    status: RunStatus
    message: str = ""
    rows: tuple[Row, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[Draft, ...] = ()
    cache_alias: str | None = None
    """The alias of its outputs for the step cache; None if the cache must not find them."""

    def with_alias(self, draft: Draft) -> Draft:
        """Return an output with the alias for the step cache, if it gets one."""
        if self.cache_alias is None or draft.type == SOURCE_TYPE:
            return draft
        return replace(draft, aliases=(self.cache_alias,))


def replay(record: RunRecord, backend: Backend) -> list[ArtifactVersion]:
    """Write the run into `backend` and return its outputs there, in their order.

    A run that is there already, completely or in part, is continued: nothing is doubled.
    """
    run = backend.start_run(record.spec)
    try:
        for reference in record.inputs:
            run.use_artifact(reference)
        outputs = list(run.log_artifacts(list(map(record.with_alias, record.outputs))))
        for row in record.rows:
            run.log(row)
        if not any(SECONDS in row.metrics for row in record.rows):
            run.update_config({REPLAYED: True})  # no row shows that all of it arrived
    except BaseException:
        run.finish("killed")
        raise
    run.finish(record.status, record.message)
    return outputs
