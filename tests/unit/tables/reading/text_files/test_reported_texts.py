"""Letters that were encoded twice, and comments among rows of texts, are reported."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from relay.tables.reading.settings.options import ReadOptions
from relay.tables.reading.table import read_raw
from relay.util import setting_text

ROWS = 80


def write(folder: Path, text: str) -> Path:
    (folder / "t.csv").write_text(text, "utf-8")
    return folder / "t.csv"


def warnings_of(path: Path, caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.clear()
    with caplog.at_level(logging.WARNING, "relay"):
        read_raw(path, ReadOptions())
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("wrong", ["KÃ¶ln", "Ã–sterreich", "SÃ£o Paulo", "Itâ€™s", "ÐŸÑ€Ð¸Ð²ÐµÑ‚"])
def test_letters_encoded_twice_are_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, wrong: str
) -> None:
    path = write(tmp_path, "city,y\n" + "Köln,1\nNîmes,2\n" * 5 + f"{wrong},3\n")
    (warning,) = warnings_of(path, caplog)
    assert f"first in row 11 of the data, '{wrong}'" in warning
    assert "city 1" in warning
    (tmp_path / "t.json").write_text(json.dumps([{"city": wrong, "y": i} for i in range(3)]))
    assert "city 3" in warnings_of(tmp_path / "t.json", caplog)[0]


def test_other_letters_are_not(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    names = [
        "SÃO PAULO",
        "MA\u00c7\u00c3\u00bb",
        "ÂGE",
        "Привет",
        "Đà Nẵng",
        "Ängelholm",
        "Århus",
        "Šibenik",
    ]
    assert warnings_of(write(tmp_path, "city,y\n" + ",1\n".join(names) + ",2\n"), caplog) == []


ROWS_OF_TEXT = [f"{name},{city},{kind}" for name, city, kind in zip(
    ["ann", "bob", "cy", "dan"] * 10, ["rome", "paris", "oslo"] * 14, "abcde" * 8, strict=False
)]  # fmt: skip


@pytest.mark.parametrize("mark", ["#", "%", "//"])
def test_a_comment_as_wide_as_a_row_of_texts_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mark: str
) -> None:
    comment, header = f"{mark} seen, by me, today", "name,city,kind"
    setting = setting_text.setting("data.read.comment", mark)
    above = "\n".join([comment, header, *ROWS_OF_TEXT])
    (warning,) = warnings_of(write(tmp_path, above), caplog)
    assert "is read as the names of the columns" in warning and setting in warning
    within = "\n".join([header, *ROWS_OF_TEXT[:7], comment, *ROWS_OF_TEXT[7:]])
    (warning,) = warnings_of(write(tmp_path, within), caplog)
    assert "1 of 41 rows can be comments, the first in row 8" in warning and setting in warning
    left_out = read_raw(tmp_path / "t.csv", ReadOptions(comment=mark)).table
    assert len(left_out) == len(ROWS_OF_TEXT)
    row = "\n".join([header, *ROWS_OF_TEXT, f"{mark}ann,rome,b"])
    (warning,) = warnings_of(write(tmp_path, row), caplog)
    assert "the first in row 41" in warning


@pytest.mark.parametrize("header", ["#name,city,kind", "# name,city,kind", "name,city,kind"])
def test_a_mark_before_names_or_values_is_not_a_comment(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, header: str
) -> None:
    assert warnings_of(write(tmp_path, "\n".join([header, *ROWS_OF_TEXT])), caplog) == []
    tags = [f"#tag{i},{row}" for i, row in enumerate(ROWS_OF_TEXT)]
    assert warnings_of(write(tmp_path, "\n".join([f"tag,{header}", *tags])), caplog) == []
    first = [header, "#happy days,rome,a", *ROWS_OF_TEXT]
    assert warnings_of(write(tmp_path, "\n".join(first)), caplog) == []
