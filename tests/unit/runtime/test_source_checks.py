"""What the files of a component do that decides how its process is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.runtime.source_checks import sets_variables


@pytest.mark.parametrize(
    ("code", "sets"),
    [
        ("os.environ['CUDA_VISIBLE_DEVICES'] = ''", True),
        ('os.environ [ key ]="1"', True),
        ("environ.setdefault('OMP_NUM_THREADS', '1')", True),
        ("os.environ.update(A='1')", True),
        ("os.putenv('A', '1')", True),
        ("load_dotenv()", True),
        ("if os.environ['A'] == '1': pass", False),
        ("value = os.environ.get('A')", False),
    ],
)
def test_a_component_thatsets_variables_is_known(tmp_path: Path, code: str, sets: bool) -> None:
    (tmp_path / "run.py").write_text("import os")
    (tmp_path / "near.py").write_text(f"def work():\n    {code}\n")
    assert sets_variables(tmp_path) is sets
