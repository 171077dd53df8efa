"""Pages: self-contained, escaped, and with numbers that people can read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from relay.pages.render import cell, percent, render, short, spread
from tests.loading import ROOT, load

page = load("check", "page").render_page
charts = load("check", "charts")
run = load("check")
checking = load("check", "rule_violations")
formulas = load("check", "target_formulas")
EVIL = "<script>alert('x')</script>"


def report(table: pd.DataFrame, reference: pd.DataFrame | None = None) -> str:
    broken = [checking.Violation("a", f"rule {EVIL}", 3, [EVIL])]
    content = {"input": "t:v0", **run.report(table, "y", broken, {"a": 0.99}, None, {"note": EVIL})}
    content |= {"drift": None, "warnings": [EVIL]}
    if reference is not None:
        columns = {"a": {"psi": 1.0, "p_value": 0.0, "test": "t", "statistic": 1, "drifted": True}}
        content["drift"] = {
            "champion": "m:champion", "train_set": "train:v0", "rows": 9, "psi": 0.2,
            "p_value": 0.001, "columns": columns, "new": [EVIL], "gone": [], "not_compared": {},
            "source": EVIL,
        }  # fmt: skip
    made: str = page(content, table, reference)
    return made


TABLE = pd.DataFrame(
    {
        "a": [EVIL, "b", None] * 4,
        "n": [1.5, np.inf, np.nan] * 4,
        "when": pd.date_range("2024-01-01", periods=12),
        "flag": [True, False, True] * 4,
        "none": [None] * 12,
        "y": range(12),
    }
)


@pytest.mark.parametrize("reference", [None, TABLE.head(5)], ids=["alone", "compared"])
def test_a_report_is_one_file_with_every_value_escaped(reference: Any) -> None:
    made = report(TABLE, reference)
    assert "<script" not in made
    assert "&lt;script&gt;" in made
    assert not re.search(r"(src|href)=|@import|url\(", made)
    for name in TABLE:
        assert f"<h3>{name}</h3>" in made


def test_pictures_of_many_rows_show_a_sample_and_state_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "pictures of one row in" not in report(TABLE)
    monkeypatch.setitem(page.__globals__, "MOST_ROWS", 5)
    assert "pictures of one row in 3" in report(TABLE)


def test_the_same_table_makes_the_same_page() -> None:
    assert report(TABLE) == report(TABLE)


def test_a_very_wide_table_has_a_page_all_the_same() -> None:
    wide = pd.DataFrame({f"c{number}": [1, 2] for number in range(300)}).assign(y=[1, 2])
    assert "and 101 more columns" in report(wide)


def test_whole_numbers_have_a_bar_each() -> None:
    chart = charts.draw_histogram(pd.Series([1, 1, 2, 3]), None)
    assert (chart.low, chart.high) == ("1", "3")
    assert chart.picture.count("<rect") == 3


def test_far_off_values_do_not_hide_the_rest() -> None:
    values = pd.Series([*np.linspace(0, 10, 1000), 1e9])
    chart = charts.draw_histogram(values, None)
    assert chart.high.startswith("≥ ")
    assert chart.picture.count("<rect") > 20


def test_a_template_that_lacks_a_value_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "t.html").write_text("{{ there }} {{ absent }}")
    with pytest.raises(Exception, match="absent"):
        render(tmp_path / "t.html", {"there": 1})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"), (12345, "12,345"), (0.04321, "0.0432"), (1.2e-9, "1.2e-09"), (3.0, "3"),
        (float("nan"), "-"), (4800.7, "4,801"), (True, "True"), ("x", "x"), (0, "0"),
        (321.06, "321.1"),
    ],
)  # fmt: skip
def test_numbers_are_short(value: object, text: str) -> None:
    assert short(value) == text


def test_a_share_is_never_none_or_all_where_it_is_not() -> None:
    shares = (0, 1e-5, 0.5, 0.99999, 1)
    assert [percent(share) for share in shares] == ["0 %", "< 0.1 %", "50.0 %", "> 99.9 %", "100 %"]


def test_a_cell_of_markdown_has_no_markup() -> None:
    assert cell("a|b\n<i>*c*") == r"a\|b \<i\>\*c\*"


@pytest.mark.parametrize(
    ("mean", "deviation", "shown"),
    [
        (0.9397, 0.0015, "0.9397 ± 0.0015"),
        (0.94, 0.0203, "0.940 ± 0.020"),
        (31.237, 0.311, "31.24 ± 0.31"),
        (2117.4, 67.2, "2,117 ± 67"),
        (0.5, 0.0, "0.5 ± 0"),
    ],
)
def test_a_mean_has_the_decimals_of_its_spread(mean: float, deviation: float, shown: str) -> None:
    assert spread(mean, deviation) == shown


def test_a_formula_of_the_target_stands_in_the_report_and_marks_its_columns() -> None:
    formula = formulas.Formula(["n", "flag"], 1.0, "y = n + flag")
    content = {"input": "t:v0", **run.report(TABLE, "y", [], {}, formula, {}), "drift": None}
    content["warnings"] = []
    made = page(content, TABLE, None)
    assert "<code>y = n + flag</code>" in made
    assert made.count("leaks?") == 2
    assert json.loads(json.dumps(content))["formula"]["words"] == "y = n + flag"


@pytest.mark.parametrize(
    "path",
    [*ROOT.glob("src/relay/**/*.html"), *ROOT.glob("components/*/*.html")],
    ids=lambda path: path.stem,
)
def test_what_scrolls_can_be_reached_by_the_keyboard_and_has_a_name(path: Path) -> None:
    for tag in re.findall(r'<div class="wide[^"]*"[^>]*>', path.read_text(encoding="utf-8")):
        assert re.search(r'tabindex="0" role="group" aria-label="[^"]+"', tag), tag


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "soft", "blue", "green", "red", "orange"])
def test_texts_have_the_contrast_that_people_need(scheme: int, name: str) -> None:
    style = (ROOT / "src/relay/pages/base.html").read_text(encoding="utf-8")
    colours = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[scheme]
    values = dict(re.findall(r"--(\w+): (#\w+)", colours))
    for ground in ("ground", "card"):
        # WCAG 2.2, success criterion 1.4.3
        lights = sorted(_luminance(values[key]) + 0.05 for key in (name, ground))
        assert lights[1] / lights[0] >= 4.5, (name, ground)


def _luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
