"""What the steps of a run need of their containers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from relay.config.schema import ContainerSpec
from relay.pipeline.planned_step import PlannedStep
from relay.runtime.build_process import Builds
from relay.runtime.containers.container_cli import ContainerCli, Limits, Mount
from relay.runtime.containers.images import ImageBuilder
from relay.runtime.containers.step_containers import Needs, StepContainers
from relay.step.params import is_path, is_written
from relay.tracking import TrackingSettings, remote
from relay.util.paths import find_local_path, scheme_of, start_folder
from relay.util.project import Project

_LOCAL_STORES = ("", "file", "sqlite")
"""The schemes of MLflow's stores that need no network."""


def open_images(project: Project, spec: ContainerSpec, builds: Builds) -> ImageBuilder:
    """Return the builder of the images of a run."""
    return ImageBuilder(project, ContainerCli(spec.command), spec.base, builds)


def open_containers(
    project: Project,
    spec: ContainerSpec,
    tracking: TrackingSettings,
    steps: Sequence[PlannedStep],
    folder: Path,
    *more: Path,
) -> StepContainers:
    """Return the containers of a run of `steps`, whose files are in `folder`, and use `more`."""
    is_remote = remote.is_remote(tracking.backend)
    store = scheme_of(project.tracking_uri(os.environ))
    all_need_network = is_remote or store not in _LOCAL_STORES
    by_name = {planned.name: planned for planned in steps}

    def needs(step: str) -> Needs:
        planned = by_name.get(step)
        if planned is None:  # a process of a sweep
            return Needs(network=all_need_network)
        limits = Limits(planned.resources.memory_gb, planned.resources.cpus)
        owner = "" if limits == Limits() else step
        return Needs(all_need_network or planned.step.network, limits, owner)

    return StepContainers(
        project,
        ContainerCli(spec.command),
        spec.network,
        needs,
        [
            *_list_files(project, steps),
            *(Mount(place, is_writable=True) for place in (folder, *more)),
        ],
        remote.login_variables(os.environ) if is_remote else {},
        folder / "logs" / "containers.log",
    )


def _list_files(project: Project, steps: Sequence[PlannedStep]) -> Iterator[Mount]:
    """Yield the files that steps are given, and the folders of those that they write."""
    start = start_folder(project.root, os.environ)
    for planned in steps:
        for name, field in planned.component.params_type.model_fields.items():
            value = getattr(planned.valid, name)
            path = find_local_path(str(value), start) if is_path(field) and value else None
            if path is None:
                continue
            if is_written(field):
                yield Mount(path.parent.resolve(), is_writable=True)
            elif path.exists():
                yield from (Mount(place) for place in dict.fromkeys((path, path.resolve())))
