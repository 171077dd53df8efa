"""The command line: its commands, and the error for a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay import __version__
from relay.cli import COMMANDS, HELP, main
from tests.loading import ROOT


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            ["ls"],
            "ls: there is no such command. Commands: run, new-data, publish, reproduce, ",
        ),
        (["publsh"], "publsh: there is no such command. Did you mean 'publish'?"),
        (["seed=1", "publish"], "publish: not a setting. Write key=value; a command"),
    ],
)
def test_an_unknown_command_is_an_error_with_the_commands(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(ROOT, argv) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("argv", [[], ["publish"], ["explain=true"]])
def test_a_folder_for_results_that_does_not_exist_is_an_error_of_every_command(
    argv: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("RELAY_HOME", str(tmp_path / "results"))
    assert main(ROOT, argv) == 2
    assert capsys.readouterr().err == (
        f"Error: RELAY_HOME: there is no folder {tmp_path / 'results'}. Make it, or name another "
        "folder.\n"
    )
    assert list(tmp_path.iterdir()) == []
    assert main(ROOT, ["--version"]) == 0


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ROOT, ["--version"]) == 0
    assert capsys.readouterr().out == f"relay {__version__}\n"


@pytest.mark.parametrize("command", sorted(COMMANDS))
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_each_command_has_a_help_of_its_own(
    command: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(ROOT, [command, option]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: ./relay {command}")


def test_the_help_has_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ROOT, ["--help"]) == 0
    assert capsys.readouterr().out.startswith(HELP[:20])
    assert all(f"  {command} " in HELP for command in COMMANDS)
