"""Checks of where steps would be executed: docker or podman, and the engine for another machine."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from relay.commands.doctor.findings import Finding, ok, problem, warning
from relay.config.schema import ContainerSpec, EngineSpec
from relay.pipeline.pipeline_run import open_engine
from relay.runtime.component import Component
from relay.runtime.containers import images
from relay.runtime.containers.container_cli import ContainerCli
from relay.util.errors import RelayError
from relay.util.project import Project

_SLURM_SECONDS = 10.0


def check_containers(
    project: Project, spec: ContainerSpec, components: Sequence[Component]
) -> Finding:
    """Return a finding about the command and the images that env_manager=docker needs."""
    cli = ContainerCli(spec.command)
    try:
        cli.require_installed()
        tags = cli.list_tags()
    except RelayError as error:
        return problem("containers", error)
    missing = [
        one.name for one in components if images.component_tag(project, spec.base, one) not in tags
    ]
    if not missing:
        return ok("containers", f"{spec.command} answers; all images are built")
    names = ", ".join(dict.fromkeys(missing))
    return warning(
        "containers",
        f"{spec.command} answers. The images of {names} are not built yet. The next run builds "
        f"them on {spec.base}; that takes minutes and needs a package index.",
    )


def check_engine(spec: EngineSpec) -> Finding:
    """Return a finding about the engine that starts steps on another machine."""
    try:
        open_engine(spec)
    except RelayError as error:
        return problem("engine", error)
    if spec.name != "slurm":
        return ok("engine", f"engine={spec.name}: its command is installed")
    try:
        done = subprocess.run(
            ["sinfo", "--noheader"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SLURM_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return problem("engine", _no_slurm(str(error)))
    if done.returncode != 0:
        return problem("engine", _no_slurm(done.stderr))
    return ok("engine", "engine=slurm: its controller answers")


def _no_slurm(message: str) -> str:
    words = " ".join(message.split()).rstrip(".")
    return (
        f"engine=slurm: Slurm does not answer (got {words}). Start the run on a machine of the "
        "cluster, or run the steps on this one: engine=local."
    )
