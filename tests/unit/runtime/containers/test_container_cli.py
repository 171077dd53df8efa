"""The commands of docker and podman, and their errors."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from relay.runtime.containers.container_cli import ContainerCli, Limits, Mount, NewContainer
from relay.util.errors import RelayError
from tests.unit.runtime.containers.stand_in import StandIn


def run_command(command: str = "docker", **new: object) -> str:
    values = {"name": "relay-1", "image": "image:tag", "network": "none", "mounts": [], **new}
    return " ".join(ContainerCli(command).run_command(NewContainer(**values), ["python"]))  # type: ignore[arg-type]


def test_a_container_can_do_little() -> None:
    command = run_command()
    for words in (
        "run --rm --interactive --init --name relay-1", "--network none", "--read-only",
        "--cap-drop ALL", "--security-opt no-new-privileges", "--pull never",
        f"--user {os.getuid()}:{os.getgid()}",
    ):  # fmt: skip
        assert words in command
    assert command.endswith(" image:tag python")


def test_limits_are_those_of_the_container() -> None:
    command = run_command(limits=Limits(memory_gb=1.5, cpus=2))
    assert "--memory 1610612736b --memory-swap 1610612736b --cpus 2" in command
    assert "--memory" not in run_command()


def test_folders_are_mounted_at_their_own_paths() -> None:
    mounts = [Mount(Path("/code")), Mount(Path("/out"), is_writable=True), Mount(Path('/a,"b'))]
    command = run_command(mounts=mounts)
    assert "--mount type=bind,source=/code,target=/code,readonly " in command
    assert "--mount type=bind,source=/out,target=/out " in command
    assert '--mount type=bind,"source=/a,""b","target=/a,""b",readonly ' in command


def test_podman_keeps_the_user_who_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    assert "--userns keep-id" in run_command("podman")
    assert "--userns" not in run_command("docker")


def test_a_command_that_is_not_installed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RelayError, match=r"^env_manager=docker: docker is not installed\. "):
        ContainerCli("docker").require_installed()


def test_the_tags_of_images_are_listed(docker: StandIn) -> None:
    docker.has_tags("one", "two")
    assert ContainerCli("docker").list_tags() == {"one", "two"}


def test_a_daemon_that_does_not_answer_is_an_error_of_one_line(docker: StandIn) -> None:
    docker.fails("image", "Cannot connect to the Docker daemon at unix:///x.\nIs it running?")
    with pytest.raises(RelayError) as error:
        ContainerCli("docker").list_tags()
    assert str(error.value) == (
        "env_manager=docker: docker does not answer: Cannot connect to the Docker daemon at "
        "unix:///x. Is it running. Start the Docker service, and check that you may use it. Or run "
        "without containers: env_manager=uv."
    )
