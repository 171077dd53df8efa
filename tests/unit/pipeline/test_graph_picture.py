"""The picture of the steps: each right of those that it waits for, and no line twice."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from relay.pipeline.graph_picture import Node, draw_graph


def node(name: str, *needs: str, status: str = "ran") -> Node:
    return Node(name, needs, status, status, f"{name}: {status}")


def parse(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 - our own


def boxes(svg: str) -> dict[str, tuple[int, int]]:
    """Return the place of each box by the first line in it."""
    root = parse(svg)
    found = {}
    for group in root.iter("g"):
        rect, text = group.find("rect"), group.find("text")
        assert rect is not None
        assert text is not None
        found[str(text.text)] = (int(rect.attrib["x"]), int(rect.attrib["y"]))
    return found


def test_a_step_is_right_of_all_that_it_needs() -> None:
    svg = draw_graph([node("a"), node("b", "a"), node("c", "a"), node("d", "b", "c"), node("e")])
    places = boxes(svg)
    assert places["a"][0] == places["e"][0] < places["b"][0] == places["c"][0] < places["d"][0]
    assert len(set(places.values())) == 5


def test_the_picture_holds_all_boxes() -> None:
    svg = draw_graph([node("a"), *(node(f"b{number}", "a") for number in range(9))])
    root = parse(svg)
    width, height = int(root.attrib["width"]), int(root.attrib["height"])
    for rect in root.iter("rect"):
        assert int(rect.attrib["x"]) + int(rect.attrib["width"]) <= width
        assert int(rect.attrib["y"]) + int(rect.attrib["height"]) <= height


def test_what_follows_from_other_lines_has_none() -> None:
    svg = draw_graph([node("a"), node("b", "a"), node("c", "a", "b"), node("d", "a", "c")])
    assert len(re.findall("<path", svg)) == 3


def test_a_name_is_text_and_cut_if_it_is_long() -> None:
    svg = draw_graph([node("<b>&\"'"), node("n" * 60)])
    names = list(boxes(svg))
    assert names[0] == "<b>&\"'"
    assert names[1].endswith("…")
    assert len(names[1]) < 20


def test_a_reader_hears_each_step_and_its_status() -> None:
    svg = draw_graph([node("a"), node("b", "a", status="failed")])
    assert parse(svg).attrib["aria-label"] == "a: ran; b: failed"


def test_a_wide_picture_shrinks_to_a_width_at_which_it_can_be_read() -> None:
    steps = [node("s0"), *(node(f"s{number}", f"s{number - 1}") for number in range(1, 9))]
    assert parse(draw_graph(steps)).attrib["style"] == "min-width: 860px"
    small = parse(draw_graph(steps[:2])).attrib
    assert small["style"] == f"min-width: {small['width']}px"
