"""A picture of the steps and of what waits for what, as SVG: each step right of those it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 136, 46  # of a step
_GAP_X, _GAP_Y = 44, 18
_MARGIN = 2
_LONGEST = 17  # characters of a name that fit
_LEAST_WIDTH = 860
"""The pixels to which a wide picture shrinks; it is moved sideways on a narrower screen."""


@dataclass(frozen=True)
class Node:
    """A step in the picture: its name, what it needs, and what is shown about it."""

    name: str
    needs: Sequence[str]
    status: str
    """The class of its box, such as `ran`."""
    note: str
    """The line below its name."""
    title: str
    """The text that a pointer over it shows."""


def draw_graph(nodes: Sequence[Node]) -> str:
    """Return the SVG of `nodes`. Those that a node needs come before it."""
    places = _places(nodes)
    width = max(x for x, _ in places.values()) + _WIDTH + _MARGIN
    height = max(y for _, y in places.values()) + _HEIGHT + _MARGIN
    label = "; ".join(f"{node.name}: {node.note}" for node in nodes)
    lines = [
        f'<svg class="graph" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'style="min-width: {min(width, _LEAST_WIDTH)}px" role="img" aria-label="{escape(label)}">'
    ]
    for node, needs in zip(nodes, _direct_needs(nodes), strict=True):
        lines += [_edge(places[need], places[node.name]) for need in needs]
    lines += [_box(node, *places[node.name]) for node in nodes]
    return "\n".join([*lines, "</svg>"])


def _direct_needs(nodes: Sequence[Node]) -> Iterator[list[str]]:
    """Yield what each node needs, but for what others that it needs wait for, too."""
    upstream: dict[str, set[str]] = {}
    for node in nodes:
        before = {need: upstream[need] for need in node.needs}
        yield [need for need in node.needs if not any(need in others for others in before.values())]
        upstream[node.name] = set(node.needs).union(*before.values())


def _places(nodes: Sequence[Node]) -> Mapping[str, tuple[int, int]]:
    """Return the left upper corner of each node, in columns by its longest way from a start."""
    columns: dict[str, int] = {}
    rows: dict[int, int] = {}
    places = {}
    for node in nodes:
        column = 1 + max((columns[need] for need in node.needs), default=-1)
        row = rows.get(column, 0)
        columns[node.name], rows[column] = column, row + 1
        places[node.name] = (
            _MARGIN + column * (_WIDTH + _GAP_X),
            _MARGIN + row * (_HEIGHT + _GAP_Y),
        )
    return places


def _edge(start: tuple[int, int], end: tuple[int, int]) -> str:
    x, y = start[0] + _WIDTH, start[1] + _HEIGHT // 2
    to_x, to_y = end[0], end[1] + _HEIGHT // 2
    bend = _GAP_X // 2
    return f'<path d="M{x} {y} C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}"/>'


def _box(node: Node, x: int, y: int) -> str:
    name = node.name if len(node.name) <= _LONGEST else f"{node.name[: _LONGEST - 1]}…"
    return (
        f'<g class="{escape(node.status)}"><title>{escape(node.title)}</title>'
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="8"/>'
        f'<text x="{x + 12}" y="{y + 20}">{escape(name)}</text>'
        f'<text class="note" x="{x + 12}" y="{y + 37}">{escape(node.note)}</text></g>'
    )
