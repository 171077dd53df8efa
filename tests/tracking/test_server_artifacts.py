"""`relay artifacts` and `models` on a W&B server with more artifacts than are listed."""

from __future__ import annotations

import io
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from relay.commands.inspect.artifacts import artifacts, models
from relay.tracking import Draft, RunSpec, TrackingSettings, open_backend
from relay.util.project import Project
from tests.loading import ROOT
from tests.wandb_server import WandbServer

_LISTS = "ArtifactTypeArtifactCollections"
"""The SDK's request for a page of the artifacts of a type."""
_VERSIONS = "ProjectArtifacts"


class Online:
    """A project on the server with five tables, one model and its evaluation."""

    def __init__(self, server: WandbServer, home: Path) -> None:
        self._server = server
        self._home = home
        self._settings = TrackingSettings("wandb", f"many-{uuid.uuid4().hex[:8]}", "someone")
        run = open_backend(self._settings, ROOT).start_run(RunSpec(uuid.uuid4().hex[:16], "a", "a"))
        made = [(f"table{number}", "table") for number in range(5)]
        made += [("sales_model", "model"), ("sales_scores", "evaluation")]
        for name, type in made:
            path = home / name
            path.write_text(name)
            list(run.log_artifacts([Draft(name, type, path, "", self._metadata(type))]))
        run.finish("succeeded")

    @staticmethod
    def _metadata(type: str) -> dict[str, Any]:
        if type != "evaluation":
            return {}
        model = {"artifact": "sales_model:v0", "digest": "d"}
        return {"metrics": {"r2": 0.5}, "step_metrics": {"r2": 0.5}, "inputs": {"model": model}}

    def printed(self, command: Any, *argv: str) -> tuple[list[str], Counter[str]]:
        """Return what a command prints, and how often it made each request."""
        output, before = io.StringIO(), len(self._server.requests())
        argv = (*argv, "tracking=wandb", f"tracking.project={self._settings.project}")
        assert command(Project(ROOT, self._home), argv, Console(file=output, width=200)) == 0
        made = Counter(request.operation for request in self._server.requests()[before:])
        return output.getvalue().splitlines(), made


@pytest.fixture
def online(server: WandbServer, tmp_path: Path) -> Online:
    return Online(server, tmp_path)


def test_the_newest_artifacts_are_listed_by_one_page_of_each_type(online: Online) -> None:
    lines, requests = online.printed(artifacts, "--limit", "3")
    names = [line.split()[0] for line in lines]
    assert names[1:4] == ["sales_scores", "sales_model", "table4"]
    assert lines[4:] == ["4 more: --limit 7"]
    assert requests[_LISTS] == 3
    lines, requests = online.printed(artifacts, "--limit", "7")
    assert [line.split()[0] for line in lines[3:]] == [f"table{n}" for n in (4, 3, 2, 1, 0)]
    assert requests[_LISTS] == 3


def test_the_versions_of_an_artifact_need_no_list_of_the_others(online: Online) -> None:
    lines, requests = online.printed(artifacts, "table2")
    assert lines[1].startswith("table2:v0 ")
    assert requests[_LISTS] == 0


def test_of_types_without_tests_one_artifact_is_looked_at_for_a_list_of_models(
    online: Online,
) -> None:
    lines, requests = online.printed(models)
    assert lines[1].startswith("sales_model:v0 ")
    assert "r2=0.5" in lines[1]
    assert requests[_VERSIONS] == 4  # one of a table, those of the model, twice the evaluations
