"""The fields of sweeps, and those of runs that are about their sweep."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLResolveInfo

from tests.wandb_server import runs, sweeps
from tests.wandb_server.listing import page
from tests.wandb_server.model import Project, Run, Sweep
from tests.wandb_server.resolvers import resolves


@resolves("Project", "sweep")
def _sweep(project: Project, info: GraphQLResolveInfo, sweep_name: str) -> Sweep | None:
    return project.sweeps.get(sweep_name)


@resolves("Project", "totalSweeps")
def _total(project: Project, info: GraphQLResolveInfo) -> int:
    return len(project.sweeps)


@resolves("Project", "sweeps")
def _sweeps(project: Project, info: GraphQLResolveInfo, **paging: Any) -> Any:
    return page(list(project.sweeps.values()), **paging)


@resolves("Sweep", "method")
def _method(sweep: Sweep, info: GraphQLResolveInfo) -> str | None:
    return sweep.settings.get("method")


@resolves("Sweep", "bestLoss")
def _best_loss(sweep: Sweep, info: GraphQLResolveInfo) -> float | None:
    return sweeps.best_loss(sweep)


@resolves("Sweep", "runCount")
def _run_count(sweep: Sweep, info: GraphQLResolveInfo) -> int:
    return len(sweeps.sweep_runs(sweep))


@resolves("Sweep", "runCountExpected")
def _expected(sweep: Sweep, info: GraphQLResolveInfo) -> int | None:
    return sweeps.expected(sweep)


@resolves("Sweep", "runs")
def _runs(sweep: Sweep, info: GraphQLResolveInfo, **paging: Any) -> Any:
    return page(sweeps.sweep_runs(sweep), **paging)


@resolves("Run", "sweepName")
def _sweep_name(run: Run, info: GraphQLResolveInfo) -> str | None:
    return run.sweep


@resolves("Run", "exitcode")
def _exit_code(run: Run, info: GraphQLResolveInfo) -> int | None:
    return run.exit_code


@resolves("Run", "stopped")
def _stopped(run: Run, info: GraphQLResolveInfo) -> bool:
    return run.should_stop


@resolves("Run", "failed")
def _failed(run: Run, info: GraphQLResolveInfo) -> bool:
    return runs.state_of(run) == "failed"


@resolves("Run", "running")
def _running(run: Run, info: GraphQLResolveInfo) -> bool:
    return runs.state_of(run) == "running"
