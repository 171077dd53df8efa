"""The commands of docker and podman, which have the same options."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from relay.util.errors import RelayError

Command = Literal["docker", "podman"]
REPOSITORY = "relay-environment"
"""The name of all images of environments; each has a tag of its own."""
_SECONDS = 60.0
ELSE = "Or run without containers: env_manager=uv."


@dataclass(frozen=True)
class Mount:
    """A file or a folder of this machine, at the same path in a container."""

    path: Path
    is_writable: bool = False


@dataclass(frozen=True)
class Limits:
    """What the processes of a container may use together; None: all that the machine has."""

    memory_gb: float | None = None
    cpus: float | None = None


@dataclass(frozen=True)
class NewContainer:
    """A container to run."""

    name: str
    image: str
    network: str
    """Of the engine; `none`: not even that of this machine."""
    mounts: Sequence[Mount]
    limits: Limits = field(default_factory=Limits)
    environ: Mapping[str, str] = field(default_factory=dict)
    """Variables without secrets, as anyone may read them with `docker inspect`."""


@dataclass(frozen=True)
class ContainerCli:
    """Docker or podman."""

    command: Command

    def require_installed(self) -> None:
        """Raise RelayError if the command is not installed."""
        if shutil.which(self.command) is None:
            other = "podman" if self.command == "docker" else "docker"
            raise RelayError(
                f"env_manager=docker: {self.command} is not installed. Install it, or use "
                f"container.command={other}. {ELSE}"
            )

    def list_tags(self) -> set[str]:
        """Return the tags of the images of environments.

        Raises RelayError if the engine does not answer.
        """
        command = ["image", "ls", "--format", "{{.Tag}}", REPOSITORY]
        try:
            done = self._run(command)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RelayError(self._no_answer(str(error))) from error
        if done.returncode != 0:
            raise RelayError(self._no_answer(done.stderr))
        return set(done.stdout.split())

    def _no_answer(self, message: str) -> str:
        words = " ".join(message.split()).rstrip(".?")
        how = (
            "Start the Docker service, and check that you may use it"
            if self.command == "docker"
            else "Check that `podman info` works"
        )
        return f"env_manager=docker: {self.command} does not answer: {words}. {how}. {ELSE}"

    def build_command(
        self, folder: Path, image: str, arguments: Mapping[str, str], secrets: Mapping[str, Path]
    ) -> list[str]:
        """Return the command that builds `image` from the Dockerfile and files in `folder`.

        A secret is a file that is mounted while a layer is built.
        """
        command = [self.command, "build", "--tag", image]
        if self.command == "docker":
            command += ["--progress", "plain"]
        for name, value in arguments.items():
            command += ["--build-arg", f"{name}={value}"]
        for name, path in secrets.items():
            command += ["--secret", f"id={name},src={path}"]
        return [*command, str(folder)]

    def run_command(self, new: NewContainer, command: Sequence[str]) -> list[str]:
        """Return the command that runs `command` in a new container, as the present user.

        The container is removed when it has ended.
        """
        words = [
            self.command, "run", "--rm", "--interactive", "--init", "--name", new.name,
            "--network", new.network, "--read-only", "--tmpfs", "/tmp",  # noqa: S108
            "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
            "--user", f"{os.getuid()}:{os.getgid()}", "--pull", "never",
        ]  # fmt: skip
        if self.command == "podman" and os.getuid() != 0:
            words += ["--userns", "keep-id"]
        else:
            for group in sorted(set(os.getgroups()) - {os.getgid()}):
                words += ["--group-add", str(group)]
        if new.limits.memory_gb is not None:
            size = f"{int(new.limits.memory_gb * 1024**3)}b"
            words += ["--memory", size, "--memory-swap", size]
        if new.limits.cpus is not None:
            words += ["--cpus", str(new.limits.cpus)]
        for mount in new.mounts:
            words += ["--mount", _mount_option(mount)]
        for name, value in new.environ.items():
            words += ["--env", f"{name}={value}"]
        return [*words, new.image, *command]

    def remove(self, names: Iterable[str]) -> None:
        """Kill and remove the containers `names`, as far as they exist."""
        words = list(names)
        if words:
            self._run(["rm", "--force", *words])

    def _run(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.command, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )


def _mount_option(mount: Mount) -> str:
    """Return the value of `--mount`, which is a line of CSV."""
    fields = ["type=bind", f"source={mount.path}", f"target={mount.path}"]
    if not mount.is_writable:
        fields.append("readonly")
    return ",".join(
        '"{}"'.format(text.replace('"', '""')) if set(text) & set(',"') else text for text in fields
    )
