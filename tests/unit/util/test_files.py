"""A file or folder takes its place when it is whole, and nothing is left beside it otherwise."""

from __future__ import annotations

import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

import relay
from relay.util import files
from relay.util.files import point_link, remove_folder, replace_file, replace_folder, write_text

KILLED = """
import os, sys
from pathlib import Path
from relay.util.files import remove_folder, replace_folder

action, folder, left = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])

def kill(event, _):
    global left
    left -= event.startswith(("os.", "shutil."))
    if left < 0:
        os._exit(9)  # as at SIGKILL: nothing is tidied up

if action == "remove":
    sys.addaudithook(kill)
    remove_folder(folder)
else:
    with replace_folder(folder) as aside:
        for name in "ab":
            (aside / name).write_text("new")
        sys.addaudithook(kill)
"""
"""Replaces or removes a folder; killed before the n-th call that touches a file."""


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


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it takes two moves")
@pytest.mark.parametrize("action", ["replace", "remove"])
def test_a_process_killed_at_any_moment_leaves_the_old_folder_or_the_new(
    tmp_path: Path, action: str
) -> None:
    states = []
    for calls in count():
        folder = tmp_path / str(calls) / "one"
        folder.mkdir(parents=True)
        for name in "ab":
            (folder / name).write_text("old")
        ended = subprocess.run(
            [sys.executable, "-c", KILLED, action, str(folder), str(calls)],
            env={"PYTHONPATH": str(Path(relay.__file__).parents[1])},
            timeout=60,
            check=False,
        )
        states.append("".join(sorted(path.name + path.read_text() for path in folder.glob("*"))))
        if ended.returncode == 0:
            break
        assert ended.returncode == 9
    changed = "anewbnew" if action == "replace" else ""
    assert list(dict.fromkeys(states)) == ["aoldbold", changed]


def test_a_folder_is_replaced_also_where_two_cannot_be_swapped_in_one_move(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_swap", lambda *_: False)
    test_a_folder_takes_the_place_of_an_older_one_with_its_files(tmp_path)


def test_a_folder_is_removed_with_its_files(tmp_path: Path) -> None:
    (tmp_path / "one" / "two").mkdir(parents=True)
    remove_folder(tmp_path / "one")
    assert list(tmp_path.iterdir()) == []


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
