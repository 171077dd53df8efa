"""Each command of a sweep has a folder for its processes."""

from __future__ import annotations

import json
from pathlib import Path

from relay.sweep.scoring_processes import new_process_folder
from relay.tracking.mlflow.owner import PROCESS, owner_tags


def test_the_temporary_files_of_a_killed_command_are_removed(tmp_path: Path) -> None:
    gone, alive = tmp_path / "processes" / "gone", tmp_path / "processes" / "alive"
    for folder in (gone, alive):
        (folder / "tmp").mkdir(parents=True)
        (folder / "logs").mkdir()
    (alive / "owner.json").write_text(json.dumps(owner_tags()))
    ended = {"pid": 2**22 + 1, "started": "1", "boot": json.loads(owner_tags()[PROCESS])["boot"]}
    (gone / "owner.json").write_text(json.dumps({**owner_tags(), PROCESS: json.dumps(ended)}))
    folder = new_process_folder(tmp_path)
    assert folder.parent == gone.parent
    assert (alive / "tmp").exists()
    assert not (gone / "tmp").exists()
    assert (gone / "logs").exists()
