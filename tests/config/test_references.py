"""References between settings, `${group.key}`, that lead nowhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from relay.config.compose import load
from relay.util.errors import ConfigError
from tests.loading import ROOT

LITERAL = r" Text that contains ${ is written as \${."


def problem(*arguments: str, folder: Path = ROOT / "config") -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, arguments, folder)
    return str(caught.value)


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        (
            "data.name=${nosuch}",
            "data.name: there is no setting 'nosuch' (got ${nosuch}). Name a setting, such as "
            "${data.target}." + LITERAL,
        ),
        (
            "split.group_column=${data.taget}",
            "split.group_column: there is no setting 'data.taget' (got ${data.taget}). Did you "
            "mean 'data.target'?" + LITERAL,
        ),
        (
            "data.drop=['${nosuch}']",
            "data.drop[0]: there is no setting 'nosuch' (got ${nosuch}). Name a setting, such as "
            "${data.target}." + LITERAL,
        ),
        (
            "data.name=${upper:x}",
            "data.name: there is no function 'upper' (got ${upper:x}). Name a setting, or "
            "oc.env:VARIABLE." + LITERAL,
        ),
        (
            "data.url=${oc.env:RELAY_TEST_UNSET}",
            "data.url: the environment variable RELAY_TEST_UNSET is not set (got "
            "${oc.env:RELAY_TEST_UNSET}). Set it, or give a default: "
            "${oc.env:RELAY_TEST_UNSET,VALUE}.",
        ),
        (
            "data.name=${data.name}",
            "data.name: the setting refers to itself (got ${data.name}). Write the value.",
        ),
        (
            "data.name=${data.target",
            "data.name: a reference is not complete (got ${data.target). Write ${group.key}."
            + LITERAL,
        ),
    ],
)
def test_a_reference_that_leads_nowhere_is_an_error_with_its_key(argument: str, text: str) -> None:
    assert problem(argument) == text


def test_a_reference_in_a_file_is_reported_with_the_file(tmp_path: Path) -> None:
    folder = shutil.copytree(ROOT / "config", tmp_path / "config")
    (folder / "local").mkdir(exist_ok=True)
    (folder / "local" / "default.yaml").write_text(
        "# @package _global_\nsplit:\n  test_size: ${nosuch}\n"
    )
    text = problem(folder=folder)
    assert text.startswith("split.test_size: there is no setting 'nosuch' (got ${nosuch}).")
    assert "local/default.yaml" in text


def test_references_that_lead_somewhere_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_TEST_SET", "sales")
    config = load(
        ROOT / "config",
        ["data.name=${oc.env:RELAY_TEST_SET}", "split.group_column=${data.target}"],
        ROOT,
    )
    assert config.section("data")["name"] == "sales"
    assert config.section("split")["group_column"] == config.section("data")["target"]
