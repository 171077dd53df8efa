"""A file of the configuration that cannot be read is named, with what is wrong with it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from relay.config import compose as config
from relay.util.errors import ConfigError
from tests.loading import ROOT


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"seed: 1\nname: K\xf6ln\n", "line 2 is not UTF-8. Save the file in that encoding"),
        (b"- seed\n- 1\n", "contains a list. Write each setting as `key: value`"),
        (b"seed: [1\n", "not valid YAML: line 2: expected ',' or ']'"),
    ],
)
@pytest.mark.parametrize("place", ["local/default.yaml", "data/mine.yaml"])
def test_it_is_named(tmp_path: Path, content: bytes, problem: str, place: str) -> None:
    folder = shutil.copytree(ROOT / "config", tmp_path / "config")
    path = folder / place
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    given = ["data=mine"] if place.startswith("data") else []
    with pytest.raises(ConfigError) as raised:
        config.load(folder, given, tmp_path)
    assert f"config/{place}: {problem}" in str(raised.value)


def test_an_empty_file_is_fine(tmp_path: Path) -> None:
    folder = shutil.copytree(ROOT / "config", tmp_path / "config")
    (folder / "local").mkdir(exist_ok=True)
    (folder / "local" / "default.yaml").write_bytes(b"# nothing yet\n")
    assert config.load(folder, [], tmp_path).settings.steps == "all"
