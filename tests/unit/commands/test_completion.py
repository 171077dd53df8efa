"""What Tab completes, and the code that a shell needs for it."""

from __future__ import annotations

import importlib
import io
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from relay.cli import COMMANDS, HELP, main
from relay.commands import completion
from relay.util.errors import ConfigError
from relay.util.project import Project
from tests.loading import ROOT


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "store"))
    for name in ("2026-01-31T12-30-00", "2026-02-01T08-00-00"):
        (tmp_path / "outputs" / name).mkdir(parents=True)
    return Project(ROOT, tmp_path)


def completed(project: Project, line: str) -> list[str]:
    return completion.complete(project, line)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("./relay mo", ["models"]),
        ("./relay --v", ["--version"]),
        ("./relay run mode", ["model=", "model.name="]),
        ("./relay run model=lin", ["model=linear"]),
        ("./relay model=lin", ["model=linear"]),
        ("./relay run pipeline=d", ["pipeline=default"]),
        ("./relay run experiment=q", ["experiment=quick"]),
        ("./relay run data=table data.ta", ["data.target=", "data.task="]),
        ("./relay run steps=train,ev", ["steps=train,evaluate", "steps=train,evaluate+"]),
        ("./relay run steps=+ev", ["steps=+evaluate"]),
        ("./relay run keep_going=", ["keep_going=true", "keep_going=false"]),
        ("./relay run env_manager=u", ["env_manager=uv"]),
        ("./relay sweep random", ["random_forest"]),
        ("./relay gc --o", ["--older-than", "--outputs"]),
        ("./relay diff ", ["latest", "2026-02-01T08-00-00", "2026-01-31T12-30-00"]),
        ("./relay completion ", ["bash", "zsh"]),
        ("./relay run nosuch=", []),
        ("./relay pull a:b ", []),
    ],
)
def test_the_last_word_of_a_line_is_completed(
    project: Project, line: str, words: list[str]
) -> None:
    found = completed(project, line)
    assert found[: len(words)] == words
    if not line.endswith("mode"):
        assert found == words


def test_artifacts_of_the_store_are_completed(project: Project, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    with sqlite3.connect(tmp_path / "store" / "relay.db") as store:
        store.execute("CREATE TABLE artifacts (name TEXT, type TEXT)")
        store.execute("INSERT INTO artifacts VALUES ('sales_model', 'model'), ('x', 'source')")
    assert completed(project, "./relay artifacts ") == ["sales_model"]
    assert completed(project, "./relay show sales_model:c") == ["sales_model:champion"]


def test_the_commands_and_options_are_those_of_the_command_line() -> None:
    assert set(completion._OPTIONS) == set(COMMANDS)
    for name, (module, _) in COMMANDS.items():
        loaded = importlib.import_module(module)
        text = getattr(loaded, "HELP", "")
        usage = getattr(loaded, name.upper(), None)
        text = usage.help if usage is not None else text
        if name == "sweep":
            text = importlib.import_module("relay.commands.sweep.arguments").HELP
        if name == "run":
            continue  # its options are Hydra's
        named = set(re.findall(r"^  (--[a-z-]+)", text, re.MULTILINE)) - {"--words"}
        assert named <= set(completion._OPTIONS.get(name, ())), name


def test_the_code_for_bash_completes_in_bash(project: Project) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    script = """
        source <("$RELAY" completion bash)
        compopt() { :; }
        COMP_LINE="$RELAY run model=lin"; COMP_POINT=${#COMP_LINE}; COMP_WORDS=("$RELAY")
        _relay; echo "${COMPREPLY[@]}"
    """
    wrapper = project.home / "relay"
    wrapper.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{ROOT / 'main.py'}' \"$@\"\n")
    wrapper.chmod(0o755)
    done = subprocess.run(
        [bash, "-c", script],
        env={**os.environ, "RELAY": str(wrapper)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "linear\n"  # model= stands in the line already


def test_another_shell_is_an_error(project: Project) -> None:
    with pytest.raises(ConfigError, match=r"must be bash or zsh \(got 'fish'\)"):
        completion.completion(project, ["fish"], Console(file=io.StringIO()))


def test_it_loads_nothing_slow() -> None:
    code = (
        "import sys; sys.path.insert(0, 'src'); import relay.commands.completion; "
        "print([name for name in ('pydantic', 'hydra', 'mlflow', 'trackio', 'pandas', 'omegaconf') "
        "if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_the_words_are_printed_for_the_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ROOT, ["completion", "--words", "./relay run model=x"]) == 0
    assert capsys.readouterr().out == "model=xgboost\n"
    assert "completion bash|zsh" in HELP
