"""Write docs/reference/settings.md from the comments of config/ and the components' Params.

`make docs` runs it; a test fails if the page is not what it would write. What a project adds is not
on the page, so that a newer Relay can be merged without a conflict.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from relay.runtime.component import load_component
from tools.shipped import COMPONENTS

ROOT = Path(__file__).resolve().parents[1]
PAGE = Path("docs", "reference", "settings.md")
SOURCES = {
    "config.yaml": ("", "The run and its steps", "Settings of a run."),
    "data/table.yaml": (
        "data.",
        "Data",
        "`data=NAME` selects a file of `config/data`; `data=table` reads a table of yours.",
    ),
    "model/custom.yaml": (
        "model.",
        "Model",
        "`model=NAME` selects a file of `config/model`, which changes these defaults.",
    ),
    "tracking/auto.yaml": (
        "tracking.",
        "Tracking",
        "`tracking=local` and `tracking=wandb` select the backend.",
    ),
    "engine/local.yaml": (
        "engine.",
        "Engine",
        "`engine=slurm` and `engine=command` run steps on [other machines](../guides/machines.md).",
    ),
}
HEAD = """\
# Settings

<!-- Written by `make docs` from config/ and the components' params.py: edit those. -->

Set each as `key=value` on the command line, or in a file of `config/`. A key that is not listed
here is an error. The [guides](../../README.md#documentation) explain how settings work together.
"""
_COMMENT = re.compile(r"(?:^|\s)#\s?(.*)$")


def main() -> int:
    """Write the page."""
    (ROOT / PAGE).write_text(page(ROOT), encoding="utf-8")
    print(PAGE)
    return 0


def page(root: Path) -> str:
    """Return the page for the checkout at `root`."""
    parts = [HEAD]
    for name, (prefix, title, text) in SOURCES.items():
        rows = settings((root / "config" / name).read_text(encoding="utf-8"), prefix)
        source = f"[config/{name}](../../config/{name})"
        parts += [f"\n## {title}\n\n{text} From {source}.\n\n", *_table("setting", rows)]
    parts.append(
        "\n## Parameters of the components\n\nFor `mlflow run components/NAME -P name=value`.\n"
    )
    for name in sorted(COMPONENTS):
        rows = parameters(root / "components" / name)
        parts += [f"\n### {name}\n\n", *_table("parameter", rows)]
    return "".join(parts)


def settings(text: str, prefix: str) -> Iterator[tuple[str, str, str]]:
    """Yield key, default and meaning of each setting in a file of YAML with comments."""
    lines = text.splitlines()
    node = yaml.compose(text)
    if isinstance(node, yaml.MappingNode):
        yield from _settings(node, prefix, lines)


def _settings(
    node: yaml.MappingNode, prefix: str, lines: list[str]
) -> Iterator[tuple[str, str, str]]:
    for key, value in node.value:
        name = f"{prefix}{key.value}"
        if key.value == "defaults" and not prefix:
            continue
        if isinstance(value, yaml.MappingNode) and value.value and not value.flow_style:
            yield from _settings(value, f"{name}.", lines)
            continue
        line = key.start_mark.line
        default = lines[line][value.start_mark.column : value.end_mark.column]
        yield name, default, _meaning(lines, line, value.end_mark.column)


def _meaning(lines: list[str], line: int, end: int) -> str:
    """Return the comment behind the setting and below that, or else the comment above it."""
    behind = _COMMENT.search(lines[line][end:])
    if behind:
        texts = [behind[1]]
        column = lines[line].index("#", end)
        for below in lines[line + 1 :]:
            if below.lstrip().startswith("#") and below.index("#") >= column > 0:
                texts.append(below.lstrip()[1:].strip())
            else:
                break
        return " ".join(texts)
    texts = []
    mark = lines[line][: len(lines[line]) - len(lines[line].lstrip())] + "#"
    while line > 0 and lines[line - 1].startswith(mark):
        line -= 1
        texts.insert(0, lines[line].lstrip()[1:].strip())
    return " ".join(texts)


def parameters(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield name, default and meaning of each parameter of a component."""
    fields = load_component(folder.parent, folder.name).params_type.model_fields
    for name, field in fields.items():
        value = field.get_default(call_default_factory=True)
        default = "required" if value is PydanticUndefined else _shown(value)
        yield name, default, field.description or ""


def _shown(value: object) -> str:
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1000)
    return text.removesuffix("...\n").strip()


def _table(kind: str, rows: Iterator[tuple[str, str, str]]) -> Iterator[str]:
    yield f"| {kind} | default | meaning |\n| --- | --- | --- |\n"
    for name, default, meaning in rows:
        cells = [f"`{name}`", default if default == "required" else f"`{default}`", meaning]
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


if __name__ == "__main__":
    sys.exit(main())
