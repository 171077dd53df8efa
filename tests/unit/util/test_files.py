"""A file or folder takes its place when it is whole, and nothing is left beside it otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.util.files import point_link, replace_file, replace_folder, write_text


def test_a_file_that_was_not_finished_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(ValueError, match="stop"), replace_file(path) as aside:
        aside.write_text("half")
        raise ValueError("stop")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_takes_the_place_of_an_older_one_with_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one"
    for name in ("old", "new"):
        with replace_folder(folder) as aside:
            (aside / name).touch()
    assert [path.name for path in folder.iterdir()] == ["new"]
    with pytest.raises(ValueError, match="stop"), replace_folder(folder) as aside:
        raise ValueError("stop")
    assert list(folder.parent.iterdir()) == [folder]


def test_an_error_names_the_file_that_people_know(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "a.txt"
    with pytest.raises(OSError, match="No such file") as caught:
        write_text(path, "text")
    assert caught.value.filename == str(path)
    with pytest.raises(OSError, match="No such file") as caught, replace_file(path) as aside:
        aside.write_text("text")
    assert caught.value.filename == str(path)


def test_a_link_is_pointed_elsewhere(tmp_path: Path) -> None:
    for target in ("one", "two"):
        point_link(tmp_path / "latest", target)
    assert (tmp_path / "latest").readlink() == Path("two")
