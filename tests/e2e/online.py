"""What the tests on a W&B server share: a login for it, and states that can be compared."""

from __future__ import annotations

import itertools
import re
from typing import Any

from relay.step.run_metadata import MLFLOW_RUN, PHASES
from tests.loading import SHIPPED
from tests.wandb_server import WandbServer
from tests.wandb_server.faults import Match, Request

PROJECT = "relay"
STEPS = [*SHIPPED[:-1]]  # all but predict
COMMAND = ("model=linear", "train.folds=2", "tracking.registry=model", "tracking.tags=[nightly]")
"""The run that the tests look at, with the fewest folds."""
SECONDS = "seconds"
_HEX_DIGEST = re.compile(r"^[0-9a-f]{64}$")
# What two runs of the same pipeline cannot have in common.
_OF_ONE_RUN = (MLFLOW_RUN, PHASES, "fit_seconds", SECONDS)


def login(server: WandbServer) -> dict[str, str]:
    """All that going online takes."""
    return {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": server.key}


def runs_by_step(state: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the runs of a project that has one of each step."""
    runs = {run["job_type"]: run for run in state["runs"].values()}
    assert len(runs) == len(state["runs"])
    return runs


def made(run: dict[str, Any]) -> set[str]:
    """Return the outputs of a run's step, without what is logged of the run itself."""
    return {name for name in run["outputs"] if not name.startswith(("source-", "run-"))}


def plain(aliases: list[str]) -> list[str]:
    """Aliases without those of the step cache, which differ from model to model."""
    return [alias for alias in aliases if not alias.startswith("cache-")]


def uploads(server: WandbServer) -> int:
    """How many requests so far made or changed something."""
    changes = ("CreateArtifact", "UpsertBucket", "UseArtifact", "AddAliases", "LinkArtifact")
    return sum(
        request.operation in changes or request.kind in ("upload", "file_stream")
        for request in server.requests()
    )


def after(count: int, match: Match) -> Match:
    """Match what `match` does, but for the first `count` of them."""
    seen = itertools.count()
    return lambda request: match(request) and next(seen) >= count


def making(artifact: str) -> Match:
    """Match the request that makes a version of `artifact`."""
    name = f'"{artifact}"'.encode()
    return lambda request: request.operation == "CreateArtifact" and name in request.body


def from_the(number: int, match: Match) -> Match:
    """Match everything from the `number`-th on that `match` does."""
    reached = after(number - 1, match)
    begun: list[bool] = []

    def matches(request: Request) -> bool:
        if not begun and reached(request):
            begun.append(True)
        return bool(begun)

    return matches


def comparable(state: dict[str, Any]) -> dict[str, Any]:
    """`state` without what differs between two runs of the same pipeline on the same data."""
    return {
        "runs": {step: _run(run) for step, run in runs_by_step(state).items()},
        "artifacts": {
            _plain_name(name): _artifact(artifact) for name, artifact in state["artifacts"].items()
        },
        "links": state["links"],
    }


def _run(run: dict[str, Any]) -> dict[str, Any]:
    kept = {key: run[key] for key in ("job_type", "tags", "notes", "state", "exit_code", "commit")}
    return {
        **kept,
        "named_by_step_and_group": run["name"] == f"{run['job_type']} {run['group']}",
        "config": _without(run["config"]),
        "summary": _media_as_type(_without(run["summary"])),
        "history": [
            _media_as_type({k: v for k, v in _without(row).items() if k != "_timestamp"})
            for row in run["history"]
        ],
        "inputs": run["inputs"],
        "outputs": sorted(map(_plain_name, run["outputs"])),
    }


def _artifact(artifact: dict[str, Any]) -> dict[str, Any]:
    kept = {key: artifact[key] for key in ("type", "tags", "description", "state")}
    kept["aliases"] = plain(artifact["aliases"])
    metadata = _masked(artifact["metadata"]) if not artifact["type"].startswith("run_") else {}
    return {**kept, "metadata": metadata, "files": sorted(map(_plain_name, artifact["files"]))}


def _without(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in _OF_ONE_RUN}


def _media_as_type(values: dict[str, Any]) -> dict[str, Any]:
    """Pictures and tables differ in a bit here and there, such as the seconds in a table.

    Pages are left out: `publish` uploads what is in the store, and they are not.
    """
    types = {
        key: value["_type"] if isinstance(value, dict) and "_type" in value else value
        for key, value in values.items()
    }
    return {key: value for key, value in types.items() if value != "html-file"}


def _plain_name(name: str) -> str:
    """Remove the run's id that the SDK puts into the name of the artifact of a logged table."""
    return re.sub(r"^run-[0-9a-z]+-", "run-", name)


def _masked(value: Any) -> Any:
    """Digests of models and of what follows from them differ: MLflow dates each model."""
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in _without(value).items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return "digest" if isinstance(value, str) and _HEX_DIGEST.match(value) else value
