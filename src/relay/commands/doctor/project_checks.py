"""Checks of the project: settings, locks, environments, and the store that a run would use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from relay.commands.doctor.findings import Finding, ok, problem, warning
from relay.config.composed import Config
from relay.pipeline import plan
from relay.pipeline.planned_step import make_planned_steps
from relay.pipeline.preflight import Preflight
from relay.runtime.build_cost import sum_costs
from relay.runtime.component import Component
from relay.runtime.environments import LOCK, Manager, choose_manager, open_environment_index
from relay.tracking import TrackingSettings, open_backend
from relay.tracking.outbox import list_outbox
from relay.tracking.remote import TITLE, find_outage, has_login, is_remote, resolve_backend
from relay.util.errors import RelayError
from relay.util.project import Project
from relay.util.redact import redact_url

_ANSWER_SECONDS = 1.5


def check_settings(
    project: Project, config: Config, components: list[Component]
) -> Iterator[Finding]:
    """Yield findings about the settings and the locks; add the steps' components to the list."""
    try:
        steps = make_planned_steps(project.components, config, plan.build(config.settings.pipeline))
        components += [step.component for step in steps]
        Preflight(steps).check_settings()
    except RelayError as error:
        yield problem("settings", error)
        return
    yield ok("settings", f"{len(steps)} steps: {', '.join(step.name for step in steps)}")
    try:
        for component in components:
            component.require_lock()
    except RelayError as error:
        yield problem("locks", error)
        return
    yield ok("locks", "every component has one")


def check_environments(setting: str, components: Sequence[Component]) -> tuple[Finding, int]:
    """Return a finding about the steps' environments, and the bytes of those a run would build."""
    try:
        manager = choose_manager(setting, None)
    except RelayError as error:
        return problem("environments", error), 0
    if manager == "local":
        return ok("environments", "env_manager=local: steps run in this Python"), 0
    missing = [one for one in components if not _is_built(manager, one)]
    if not missing:
        return ok("environments", f"all are built (env_manager={manager})"), 0
    cost = sum_costs({one.environment_folder for one in missing})
    text = (
        f"env_manager={manager}: those of {', '.join(one.name for one in missing)} are not built "
        f"yet. The next run builds them ({cost.in_words()}); that needs a package index."
    )
    return warning("environments", text), cost.megabytes * 10**6


def _is_built(manager: Manager, component: Component) -> bool:
    folder = component.environment_folder
    environment = open_environment_index().find(manager, folder)
    return environment is not None and environment.is_complete(folder / LOCK)


def check_login(backend: str, environ: Mapping[str, str]) -> Finding:
    """Return a finding about the login and the server that the setting `tracking` leads to."""
    check = f"login ({TITLE})"
    try:
        chosen = resolve_backend(backend, environ)
        if not is_remote(chosen):
            why = f"tracking={backend}" if has_login(environ) else "no login"
            return ok(check, f"not used ({why}): runs are kept in the local store")
        outage = find_outage(environ, _ANSWER_SECONDS)
    except RelayError as error:
        return problem(check, error)
    return ok(check, "the server accepts the login") if outage is None else problem(check, outage)


def check_store(project: Project, tracking: TrackingSettings) -> Finding:
    """Return a finding about the local store, which is read."""
    try:
        backend = open_backend(tracking, project.root)
        count = len(backend.collections())
    except RelayError as error:
        return problem("local store", error)
    return ok("local store", f"{count} artifacts in project '{tracking.project}'")


def check_kept(kept: Path) -> Iterator[Finding]:
    """Yield a finding about the runs whose upload failed, if there are any."""
    try:
        count = len(list_outbox(kept))
    except RelayError as error:
        yield warning("kept runs", str(error))
        return
    if count:
        yield warning(
            "kept runs",
            f"{count} were not uploaded. The next run on {TITLE} does it, or `./relay publish`.",
        )


def check_mlflow(uri: str, environ: Mapping[str, str]) -> Finding:
    """Return a finding about MLflow's store, whose server is asked if it is one."""
    shown = redact_url(uri)
    if not uri.startswith(("http://", "https://")):
        return ok("MLflow", shown)
    # Imported late, as urllib takes longer than most checks.
    import urllib.error
    import urllib.request

    from relay.util.proxies import open_url

    request = urllib.request.Request(f"{uri.rstrip('/')}/health")  # noqa: S310 - http only
    try:
        with open_url(request, environ, _ANSWER_SECONDS):
            return ok("MLflow", f"{shown} answers")
    except urllib.error.HTTPError as error:
        return warning("MLflow", f"{shown} answers with HTTP {error.code}. Check its login.")
    except (OSError, RelayError) as error:
        reason = getattr(error, "reason", None) or error
        return problem(
            "MLflow",
            f"{shown} cannot be reached ({reason}). Start it, or correct MLFLOW_TRACKING_URI.",
        )
