"""What happens to runs: upserted, streamed to, finished."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from typing import Any

from tests.wandb_server.model import ApiError, Run, now
from tests.wandb_server.state import State

# a run that nobody hears of for so long has crashed
CRASHED_AFTER = datetime.timedelta(minutes=5)
_ENDED = ("finished", "failed", "crashed", "killed")
_LIMITS = {"name": 128, "group_name": 128, "display_name": 128, "job_type": 64}


def upsert(state: State, data: dict[str, Any]) -> tuple[Run, bool]:
    """Return the run with these changes, and whether it is new."""
    _check(data)
    inserted = False
    if data.get("id") and not data.get("name"):
        run = state.run_by_id(data["id"])
    else:
        project = state.create_project(data.get("model_name"), data.get("entity_name"))
        name = data.get("name")
        if not name:
            raise ApiError("a run needs a name")
        inserted = name not in project.runs
        run = project.runs.setdefault(name, Run(name, project))
        run.state = data.get("state") or "running"
        run.exit_code = None
    for key, attribute in _COLUMNS.items():
        if data.get(key) is not None:
            setattr(run, attribute, data[key])
    if data.get("config") is not None:
        run.config = _json_object("config", data["config"])
    if data.get("summary_metrics") is not None:
        run.summary = _json_object("summary_metrics", data["summary_metrics"])
    if run.display_name is None:
        run.display_name = run.name
    run.heartbeat_at = now()
    return run, inserted


_COLUMNS = {
    "group_name": "group",
    "display_name": "display_name",
    "description": "description",
    "notes": "notes",
    "commit": "commit",
    "sweep": "sweep",
    "job_type": "job_type",
    "tags": "tags",
    "host": "host",
}


def _check(data: dict[str, Any]) -> None:
    for key, limit in _LIMITS.items():
        if len(data.get(key) or "") > limit:
            raise ApiError(f"invalid {key}, must be {limit} characters or less")
    if set(data.get("name") or "") & set("/\\#?%:"):
        raise ApiError("invalid run name")
    for tag in data.get("tags") or []:
        if not 1 <= len(tag) <= 64:
            raise ApiError(f"invalid tag {tag!r}. must be between 1 and 64 characters")
    if len(data.get("config") or "") > 15_000_000:
        raise ApiError("run config cannot exceed 15 MB")


def _json_object(what: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ApiError(f"invalid {what}: {error}") from error
    if not isinstance(value, dict):
        raise ApiError(f"invalid {what}: not an object")
    return value


def stream(run: Run, data: dict[str, Any]) -> None:
    """Take what the file stream of a run brings."""
    for name, chunk in (data.get("files") or {}).items():
        lines = chunk.get("content") or []
        offset = chunk.get("offset") or 0
        if name == "wandb-summary.json":
            run.summary = _json_object(name, lines[-1])
        elif name == "wandb-history.jsonl":
            _write(run.history, offset, [_row(line) for line in lines])
        elif name == "wandb-events.jsonl":
            _write(run.events, offset, [_row(line) for line in lines])
        elif name == "output.log":
            _write(run.log, offset, lines)
        else:
            raise ApiError(f"unknown file {name!r} in the file stream")
    run.heartbeat_at = now()
    if data.get("complete"):
        run.exit_code = int(data.get("exitcode") or 0)
        run.state = "finished" if run.exit_code == 0 else "failed"
    elif run.state in _ENDED:
        run.state = "running"


def _row(line: str) -> str:
    _json_object("row", line)
    return line


def _write(lines: list[str], offset: int, content: list[str]) -> None:
    # at its offset: what is sent again, because an answer was lost, is there once
    if offset > len(lines):
        raise ApiError(f"file stream: offset {offset} beyond the end, {len(lines)}")
    lines[offset : offset + len(content)] = content


def state_of(run: Run) -> str:
    """Return the state, which is `crashed` if the run has gone silent."""
    heard = datetime.datetime.fromisoformat(run.heartbeat_at)
    silent = datetime.datetime.now(datetime.UTC) - heard
    return "crashed" if run.state == "running" and silent > CRASHED_AFTER else run.state


def rows(run: Run) -> list[dict[str, Any]]:
    """Return the history, each row with its `_step`."""
    entries = [json.loads(line) for line in run.history]
    return [{"_step": number, **row} for number, row in enumerate(entries)]


def history_keys(run: Run) -> dict[str, Any] | None:
    """Return what the SDK wants to know of the history before it reads it."""
    history = rows(run)
    if not history:
        return None
    counts = Counter(key for row in history for key in row)
    keys = {key: {"typeCounts": [{"type": "number", "count": n}]} for key, n in counts.items()}
    return {"sets": [], "keys": keys, "lastStep": history[-1]["_step"]}


def sampled(run: Run, spec: str) -> list[dict[str, Any]]:
    """Return the rows that have all the keys, at most so many, evenly."""
    wanted = json.loads(spec)
    keys = wanted.get("keys") or []
    chosen = [row for row in rows(run) if all(key in row for key in keys)]
    if keys:
        chosen = [{key: row[key] for key in keys} for row in chosen]
    return thin(chosen, wanted.get("samples"))


def thin(items: list[Any], samples: int | None) -> list[Any]:
    """Return at most so many of the items, evenly over their range."""
    if not samples or len(items) <= samples:
        return items
    return [items[number * len(items) // samples] for number in range(samples)]
