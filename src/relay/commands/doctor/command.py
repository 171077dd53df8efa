"""`relay doctor`: what would make a run fail here, and what to do. It changes nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.text import Text

from relay.commands.doctor.findings import Finding, problem
from relay.commands.doctor.machine_checks import (
    check_disks,
    check_git,
    check_proxies,
    check_python,
    check_rights,
    check_tools,
    tools_path,
)
from relay.commands.doctor.project_checks import (
    check_environments,
    check_kept,
    check_login,
    check_mlflow,
    check_settings,
    check_store,
)
from relay.commands.printing import print_json
from relay.config import compose
from relay.config.overrides import from_arguments
from relay.runtime.component import Component
from relay.tracking import TrackingSettings
from relay.util.errors import ConfigError, RelayError
from relay.util.paths import start_folder
from relay.util.project import Project

HELP = """\
Usage: ./relay doctor [key=value ...] [options]

Checks what a run with these settings needs: Python, packages, environments, disks, settings,
locks, login, server, store, Git and proxies. It builds nothing and takes about two seconds.
Exit status: 0 if a run can start, 1 if something would make it fail.

Options:
  --json      print JSON
"""
_MARKS = {"ok": ("✔", "green"), "warning": ("!", "yellow"), "problem": ("✘", "red")}


def doctor(project: Project, argv: Sequence[str], console: Console) -> int:
    """Check what a run with the settings in `argv` needs; return 1 if it would fail, else 0.

    Raises ConfigError if a word is neither a setting nor an option.
    """
    if "--help" in argv:
        console.print(HELP, markup=False, highlight=False)
        return 0
    words = [word for word in argv if word != "--json"]
    for word in words:
        if "=" not in word:
            raise ConfigError(f"doctor: not a setting (got '{word}'). See ./relay doctor --help.")
    os.environ["PATH"] = tools_path()
    os.environ.update(project.variables(os.environ))
    findings = list(_findings(project, words))
    if "--json" in argv:
        print_json(console, [asdict(finding) for finding in findings])
    else:
        _show(console, findings)
    return int(any(finding.state == "problem" for finding in findings))


def _findings(project: Project, settings: Sequence[str]) -> Iterator[Finding]:
    """Yield the findings of all checks; those that wait for others run beside the rest."""
    with ThreadPoolExecutor() as pool:
        tools = pool.submit(lambda: list(check_tools()))
        git = pool.submit(check_git, project.root)
        mlflow = pool.submit(check_mlflow, project.tracking_uri(os.environ), os.environ)
        yield from check_python(project, Path(sys.prefix))
        components: list[Component] = []
        build_bytes = 0
        needed = ""
        try:
            start = start_folder(project.root, os.environ)
            config = compose.load(project.config, from_arguments(list(settings)), start)
        except RelayError as error:
            yield problem("settings", error)
        else:
            spec = config.settings.tracking
            login = pool.submit(check_login, spec.backend, os.environ)
            yield from check_settings(project, config, components)
            if config.settings.env_manager == "docker":
                from relay.commands.doctor.execution_checks import check_containers

                needed = config.settings.container.command
                yield check_containers(project, config.settings.container, components)
            else:
                finding, build_bytes = check_environments(config.settings.env_manager, components)
                yield finding
            if config.settings.engine.name != "local":
                from relay.commands.doctor.execution_checks import check_engine

                yield check_engine(config.settings.engine)
            yield login.result()
            yield check_store(project, TrackingSettings("local", spec.project))
        yield from check_kept(project.kept)
        yield mlflow.result()
        yield git.result()
        yield check_rights(project)
        yield from check_disks(project, build_bytes=build_bytes)
        yield from check_proxies(os.environ)
        yield from (tool for tool in tools.result() if tool.check != needed)


def _show(console: Console, findings: Sequence[Finding]) -> None:
    """Print the findings as a table, and a line that sums them up."""
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        mark, style = _MARKS[finding.state]
        text = Text.assemble((mark, style), f" {finding.check:<{width}}  ")
        indent = " " * (width + 4)
        lines = finding.finding.splitlines() or [""]
        text.append(f"\n{indent}".join(lines), style="" if finding.state == "ok" else style)
        console.print(text, soft_wrap=True)
    problems = [finding.check for finding in findings if finding.state == "problem"]
    warnings = [finding.check for finding in findings if finding.state == "warning"]
    if problems:
        line, style = f"A run would fail: see {', '.join(dict.fromkeys(problems))}", "red"
    elif warnings:
        line = f"A run can start; worth a look: {', '.join(dict.fromkeys(warnings))}"
        style = "yellow"
    else:
        line, style = "A run can start", "green"
    console.print(line, style=style, highlight=False, soft_wrap=True)
