"""The commands on the pages that people type from: README, tour and recipes."""

from __future__ import annotations

import itertools
import re
import shlex
from pathlib import Path

import pytest

from relay import cli
from relay.config.overrides import override_for, sweep_values
from tests.config.test_config_files import jobs
from tests.loading import ROOT

PAGES = ("README.md", "docs/tour.md", "docs/guides/recipes.md")
_LINE = re.compile(r"^(?:    |\$ )\./relay (.*?)(?:  +#.*)?$", re.MULTILINE)
# What the pages have as an example, in the words of what there is.
_EXAMPLES = {
    "data=sales": "data=table data.url=path/to/sales.csv data.target=price",
    "experiment=random_forest-best": "experiment=quick",
}


def commands(*, of_runs: bool) -> list[str]:
    """Return the commands of the pages that run the pipeline, or all others."""
    texts = [(ROOT / page).read_text(encoding="utf-8").replace("\\\n", " ") for page in PAGES]
    lines = [line for text in texts for line in _LINE.findall(text)]
    return list(dict.fromkeys(line for line in lines if (line.split()[0] == "run") == of_runs))


@pytest.mark.parametrize("command", commands(of_runs=True))
def test_the_settings_of_a_run_are_right(command: str, tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text("price,area,sold_on,customer\n1,2,2024-01-01,a\n")
    for example, present in _EXAMPLES.items():
        command = re.sub(rf"{example}\b", present, command)
    for name in ("path/to/sales.csv", "new.csv"):
        command = command.replace(f"={name}", f"={file}")
    words = shlex.split(command)[1:]
    choices = [
        [override_for(word.partition("=")[0], value) for value in sweep_values(word) or []]
        or [word]
        for word in words
        if word != "-m"
    ]
    for combination in itertools.product(*(choices if "-m" in words else [[one] for one in words])):
        assert jobs(*combination)


@pytest.mark.parametrize("command", commands(of_runs=False))
def test_other_commands_exist_with_their_options(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = shlex.split(command)
    assert cli.main(ROOT, [words[0], "--help"]) == 0
    text = capsys.readouterr().out
    assert [word for word in words if word.startswith("--") and word not in text] == []
