"""The prose linter: where it looks, and what it leaves alone."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.loading import ROOT
from tools.prose import problems


def check(folder: Path, name: str, content: str) -> list[str]:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    return [line.removeprefix(f"{path}:") for line in problems(path)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.py", '"""Read.\n\nWhat is\nno number fails."""\n'),
        ("a.py", "x = 1\n\n# what is no number\n"),
        ("a.py", 'x = 1\n\nfail(f"\'{x}\' is no "\n     "number")\n'),
        ("a.yaml", "a: 1\n\nb: 2  # what is no number\n"),
        ("a.md", "Text\n\nwhat is no number\n"),
        ("tests/a.py", "\n\ndef test_a_text_is_no_number() -> None:\n    pass\n"),
        ("tests/a.py", "\n\n# what is no number\n"),
    ],
)
def test_prose_is_checked_with_its_line(tmp_path: Path, name: str, content: str) -> None:
    assert [line.split(":", 1)[0] for line in check(tmp_path, name, content)] == ["3"]
    assert "'is no number': write 'is not a'" in check(tmp_path, name, content)[0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.md", "Text:\n\n    it is no number\n\n```\nit is no number\n```\n`it is no number`\n"),
        ("a.md", "There is no number. There is no longer one; it is no better.\n"),
        ("a.yaml", "a: it is no number\n"),
        ("a.py", "is_no = 1\nsaid = is_no\n"),
        ("tests/a.py", 'assert "it is no number" in text\n'),
    ],
)
def test_code_inputs_and_plain_english_are_left_alone(
    tmp_path: Path, name: str, content: str
) -> None:
    assert check(tmp_path, name, content) == []


def test_prose_is_checked_below_an_indented_block(tmp_path: Path) -> None:
    page = "Text:\n\n    code\n\n    code\n\nwhat is no number\n"
    assert check(tmp_path, "a.md", page) == ["7: 'is no number': write 'is not a'"]


@pytest.mark.parametrize(
    "text",
    ["Return it; None where it is not.", "ConfigError where it is not.", "Raises: ConfigError.",
     "It has to be there.", "A run that is gone on with."],
)  # fmt: skip
def test_phrases_of_docstrings_have_their_rules(tmp_path: Path, text: str) -> None:
    assert len(check(tmp_path, "a.py", f'"""{text}"""\n')) == 1


def test_before_a_commit_the_files_of_make_lint_are_checked() -> None:
    def tracked(*patterns: str) -> set[str]:
        command = ["git", "ls-files", "--", *patterns]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        return set(listed.stdout.splitlines())

    prose = re.search(r"^PROSE := (.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    (hook,) = (hook for hook in config["repos"][0]["hooks"] if hook["id"] == "prose")
    assert prose is not None
    assert "exclude" not in hook
    assert {name for name in tracked() if re.search(hook["files"], name)} == tracked(
        *shlex.split(prose[1])
    )
