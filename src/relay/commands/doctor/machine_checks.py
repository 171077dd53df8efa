"""Checks of the machine: Python, packages, tools, disk, limits, Git and proxies."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from relay.commands.doctor.findings import Finding, ok, problem, warning
from relay.pipeline.writable_checkout import require_writable
from relay.runtime.limits import require_address_space
from relay.runtime.package_locks import is_installed
from relay.util.disk import existing, megabytes
from relay.util.errors import RelayError
from relay.util.git import git_state
from relay.util.paths import environments_root
from relay.util.project import Project
from relay.util.redact import redact_url

OLDEST, NEWEST = (3, 11), (3, 13)
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_RUN_BYTES = 200_000_000
"""A run on a small table with its artifacts and logs; with less, it fails midway."""
_TOOL_SECONDS = 1.5
_TOOLS = {
    "conda": ["conda", "--version"],
    "docker": ["docker", "info", "--format", "{{.ServerVersion}}"],
    "podman": ["podman", "--version"],
}
"""Each optional tool with the command that shows whether it works."""


def check_python(project: Project, prefix: Path) -> Iterator[Finding]:
    """Yield findings about the Python that runs Relay, whose packages are in `prefix`."""
    name = f"{platform.python_version()} in {prefix}"
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        yield ok("Python", name)
    else:
        yield problem(
            "Python",
            f"{name}: Relay needs 3.11, 3.12 or 3.13. Run `make setup PYTHON=python3.13`.",
        )
    lock = project.root / "requirements.txt"
    if not lock.is_file():
        yield problem("packages", f"{lock} is missing. Restore it with `git checkout {lock.name}`.")
    elif is_installed(lock, prefix):
        yield ok("packages", "as in requirements.txt")
    else:
        yield warning(
            "packages", "not those of requirements.txt. Run `make setup` for the tested versions."
        )


def check_tools() -> Iterator[Finding]:
    """Yield a finding about each optional tool."""
    for name, command in _TOOLS.items():
        if shutil.which(name) is None:
            yield ok(name, "not installed; optional")
            continue
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_TOOL_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            yield warning(name, f"`{' '.join(command[:2])}` does not answer; optional.")
            continue
        words = (done.stdout.strip() or "installed").splitlines()[0]
        if done.returncode == 0:
            yield ok(name, words)
        else:
            yield ok(name, "installed, but its service does not run; optional")


def check_git(root: Path) -> Finding:
    """Return a finding about the commit that a run records."""
    state = git_state(root)
    if state.commit is None:
        return warning(
            "Git",
            f"{state.problem}: runs record no commit, and `./relay reproduce` cannot tell the code "
            "of a model. Install Git, or clone the project with it.",
        )
    changes = ", with uncommitted changes" if state.dirty else ""
    return ok("Git", f"commit {state.commit[:12]}{changes}")


def check_disks(project: Project, *, build_bytes: int) -> Iterator[Finding]:
    """Yield a finding about each file system that a run writes to, environments too."""
    places = {
        "disk of runs": (project.home, _RUN_BYTES),
        "disk of environments": (environments_root(), build_bytes),
        "temporary files": (Path(tempfile.gettempdir()), _RUN_BYTES),
    }
    for check, (place, needed) in places.items():
        free = shutil.disk_usage(existing(place)).free
        text = f"{megabytes(free)} free in {place}"
        if free >= needed:
            yield ok(check, text)
        else:
            yield problem(
                check,
                f"{text}: a run needs about {megabytes(needed)}. Make room: `./relay gc` removes "
                "old artifacts and, with --outputs, old runs.",
            )


def check_rights(project: Project) -> Finding:
    """Return a finding about the folders that a run writes to, and the shell's limits."""
    try:
        require_address_space()
        require_writable(project)
    except RelayError as error:
        return problem("folders", error)
    return ok("folders", f"{project.home} is writable")


def check_proxies(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield a finding about each proxy that the environment names."""
    for name in [word for small in _PROXIES for word in (small, small.upper())]:
        if value := environ.get(name, "").strip():
            # Imported late, as urllib takes longer than most checks.
            from relay.util.proxies import Proxy

            proxy = Proxy(name, value if "://" in value else f"http://{value}")
            try:
                proxy.require_usable("hosts")
            except RelayError as error:
                yield problem("proxy", error)
            else:
                yield ok("proxy", f"{name}={redact_url(proxy.url)}")


def tools_path() -> str:
    """Return PATH as a run sets it: with the tools of this Python first."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
