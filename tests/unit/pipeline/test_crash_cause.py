"""Why a step's process ended before it could report, as its log has it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from relay.pipeline.crash_cause import explain_crash


def end_of(tmp_path: Path, script: str, **files: str) -> str | None:
    """Return the message for a component whose run.py is `script`."""
    component = tmp_path / "components" / "tidy"
    component.mkdir(parents=True, exist_ok=True)
    for name, content in {"run": script, **files}.items():
        (component / f"{name}.py").write_text(content)
    done = subprocess.run(
        [sys.executable, "run.py"], cwd=component, capture_output=True, text=True, check=False
    )
    text = done.stderr
    return explain_crash(("Loading\n" + text).splitlines(), component, tmp_path)


def test_a_missing_package_belongs_into_the_environment_that_components_share(
    tmp_path: Path,
) -> None:
    (tmp_path / "environments" / "table").mkdir(parents=True)
    (tmp_path / "environments" / "table" / "requirements.txt").touch()
    (tmp_path / "components" / "tidy").mkdir(parents=True)
    link = tmp_path / "components" / "tidy" / "requirements.txt"
    link.symlink_to("../../environments/table/requirements.txt")
    message = end_of(tmp_path, "import no_such_package\n")
    assert "Add its package to environments/table/requirements.in, and run" in str(message)


def test_a_missing_module_is_named_with_who_imports_it_and_what_to_do(tmp_path: Path) -> None:
    assert end_of(tmp_path, "import sys\nimport no_such_package.part\n") == (
        "components/tidy/run.py, line 2: there is no module 'no_such_package': it is neither a "
        "file of components/tidy nor in a package of its environment. Add its package to "
        "components/tidy/requirements.in, and run `make lock`."
    )


def test_also_where_a_file_of_the_component_imports_it(tmp_path: Path) -> None:
    explanation = end_of(tmp_path, "import work\n", work="\n\nfrom no_such_package import x\n")
    assert str(explanation).startswith(
        "components/tidy/work.py, line 3: there is no module 'no_such_pack"
    )


def test_a_file_of_the_component_that_was_meant_is_named(tmp_path: Path) -> None:
    assert "(is it 'cleaning'?)" in str(end_of(tmp_path, "import cleanin\n", cleaning="x = 1\n"))


def test_a_module_of_relay_is_not_looked_for_in_packages(tmp_path: Path) -> None:
    traceback = [
        "Traceback (most recent call last):",
        f'  File "{tmp_path}/components/tidy/run.py", line 3, in <module>',
        "    import relay.nothing",
        "ModuleNotFoundError: No module named 'relay.nothing'",
    ]
    explanation = explain_crash(traceback, tmp_path / "components" / "tidy", tmp_path)
    assert explanation == (
        "components/tidy/run.py, line 3: there is no module 'relay.nothing' in src/. Correct the "
        "import."
    )


@pytest.mark.parametrize(
    ("script", "explanation"),
    [
        ("from json import nothing\n", "line 1: ImportError: cannot import name 'nothing' from"),
        ("x = 1\n\ny = x / 0\n", "line 3: ZeroDivisionError: division by zero"),
        ("raise KeyError('a')\n", "line 1: KeyError: 'a'"),
        ("assert False\n", "line 1: AssertionError"),
        ("try:\n  1 / 0\nfinally:\n  [].pop()\n", "line 4: IndexError: pop from empty list"),
    ],
)
def test_any_error_while_the_script_loads_is_reported_with_its_line(
    tmp_path: Path, script: str, explanation: str
) -> None:
    assert f"components/tidy/run.py, {explanation}" in str(end_of(tmp_path, script))


def test_code_that_is_not_python_is_reported_with_its_line(tmp_path: Path) -> None:
    explanation = end_of(tmp_path, "import work\n", work="x = 1\ndef f(:\n    pass\n")
    assert (
        explanation
        == "components/tidy/work.py, line 2: not valid Python (invalid syntax). Correct it."
    )


def test_a_log_without_a_traceback_shows_nothing(tmp_path: Path) -> None:
    assert end_of(tmp_path, "import sys\nsys.exit(1)\n") is None
    assert explain_crash([], tmp_path, tmp_path) is None
