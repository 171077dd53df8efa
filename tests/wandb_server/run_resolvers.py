"""The fields of runs."""

from __future__ import annotations

import fnmatch
import json
from typing import Any

from graphql import GraphQLResolveInfo

from tests.wandb_server import runs
from tests.wandb_server.listing import page
from tests.wandb_server.model import Run, Upload
from tests.wandb_server.resolvers import file, resolves


@resolves("Run", "state")
def _run_state(run: Run, info: GraphQLResolveInfo) -> str:
    return runs.state_of(run)


@resolves("Run", "projectId")
def _project_id(run: Run, info: GraphQLResolveInfo) -> int:
    return run.project.internal_id


@resolves("Run", "config")
def _config(run: Run, info: GraphQLResolveInfo) -> str:
    return json.dumps(run.config)


@resolves("Run", "wandbConfig")
def _wandb_config(run: Run, info: GraphQLResolveInfo, keys: list[str] | None = None) -> str:
    internal = (run.config.get("_wandb") or {}).get("value") or {}
    return json.dumps({key: internal[key] for key in keys or internal if key in internal})


@resolves("Run", "summaryMetrics")
def _summary(run: Run, info: GraphQLResolveInfo) -> str:
    return json.dumps(run.summary)


@resolves("Run", "systemMetrics")
def _system_metrics(run: Run, info: GraphQLResolveInfo) -> str:
    return run.events[-1] if run.events else "{}"


@resolves("Run", "historyLineCount")
def _history_lines(run: Run, info: GraphQLResolveInfo) -> int:
    return len(run.history)


@resolves("Run", "eventsLineCount")
def _events_lines(run: Run, info: GraphQLResolveInfo) -> int:
    return len(run.events)


@resolves("Run", "logLineCount")
def _log_lines(run: Run, info: GraphQLResolveInfo) -> int:
    return len(run.log)


@resolves("Run", "historyTail")
def _history_tail(run: Run, info: GraphQLResolveInfo) -> str:
    return json.dumps(run.history[-1:])


@resolves("Run", "eventsTail")
def _events_tail(run: Run, info: GraphQLResolveInfo) -> str:
    return json.dumps(run.events[-1:])


@resolves("Run", "historyKeys")
def _history_keys(run: Run, info: GraphQLResolveInfo) -> Any:
    return runs.history_keys(run)


@resolves("Run", "history")
def _history(
    run: Run,
    info: GraphQLResolveInfo,
    min_step: int = 0,
    max_step: int | None = None,
    samples: int | None = None,
) -> list[str]:
    rows = [
        row
        for row in runs.rows(run)
        if row["_step"] >= min_step and (max_step is None or row["_step"] < max_step)
    ]
    return [json.dumps(row) for row in runs.thin(rows, samples)]


@resolves("Run", "events")
def _events(run: Run, info: GraphQLResolveInfo, samples: int | None = None) -> list[str]:
    return runs.thin(run.events, samples)


@resolves("Run", "sampledHistory")
def _sampled_history(run: Run, info: GraphQLResolveInfo, specs: list[str]) -> Any:
    return [runs.sampled(run, spec) for spec in specs]


@resolves("Run", "parquetHistory")
def _parquet_history(run: Run, info: GraphQLResolveInfo, live_keys: list[str]) -> Any:
    # nothing is exported: the whole history is live
    return {"parquet_urls": [], "live_data": runs.rows(run)}


@resolves("Run", "fileCount")
def _run_file_count(run: Run, info: GraphQLResolveInfo) -> int:
    return len(_run_uploads(run))


@resolves("Run", "files")
def _run_files(
    run: Run,
    info: GraphQLResolveInfo,
    names: list[str | None] | None = None,
    pattern: str | None = None,
    **paging: Any,
) -> Any:
    uploads = [u for u in _run_uploads(run) if not names or u.name in names]
    if pattern:
        glob = pattern.replace("%", "*").replace("_", "?")
        uploads = [u for u in uploads if fnmatch.fnmatchcase(u.name, glob)]
    return page([file(upload, info) for upload in uploads], **paging)


def _run_uploads(run: Run) -> list[Upload]:
    return [upload for upload in run.files.values() if upload.content is not None]


@resolves("Run", "outputArtifacts")
def _outputs(run: Run, info: GraphQLResolveInfo, **paging: Any) -> Any:
    return page([a for a in run.outputs if a.state == "COMMITTED"], **paging)


@resolves("Run", "inputArtifacts")
def _inputs(run: Run, info: GraphQLResolveInfo, **paging: Any) -> Any:
    return page([a for a in run.inputs if a.state == "COMMITTED"], **paging)
