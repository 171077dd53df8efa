"""The packages of a run's locks, in its folder."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from relay.pipeline.run_packages import compare_locks, read_locks, write_locks

LOCK = """\
--index-url x
Big_Package==1.5 ; python_version < "3.12" \\
    --hash=sha256:aa
big-package==2.5 ; python_version >= "3.12"
small==0.1
"""


def planned(folder: Path) -> Any:
    return SimpleNamespace(component=SimpleNamespace(environment_folder=folder))


def test_the_packages_of_each_environment_are_written_once(tmp_path: Path) -> None:
    shared = tmp_path / "environments" / "model"
    shared.mkdir(parents=True)
    (shared / "requirements.txt").write_text(LOCK)
    steps = []
    for name in ("train", "evaluate", "without"):
        component = tmp_path / "components" / name
        component.mkdir(parents=True)
        if name != "without":
            (component / "requirements.txt").symlink_to(shared / "requirements.txt")
        steps.append(planned(component))
    write_locks(tmp_path, steps)
    assert read_locks(tmp_path) == {"model": {"big-package": "1.5, 2.5", "small": "0.1"}}


def test_a_run_without_the_file_has_unknown_packages(tmp_path: Path) -> None:
    assert read_locks(tmp_path) is None


def test_environments_that_one_run_did_not_use_are_not_compared() -> None:
    before = {"model": {"a": "1", "b": "1"}, "onnx": {"a": "1"}}
    after = {"model": {"a": "1", "c": "2"}, "table": {"a": "3"}}
    assert list(compare_locks(before, after)) == [
        ("lock model: b", "1", ""),
        ("lock model: c", "", "2"),
    ]
