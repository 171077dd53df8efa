"""The libraries that a script loads as it starts are found in its source."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from relay.runtime.libraries import _LATE, list_late_libraries, list_libraries
from tests.loading import COMPONENTS, ROOT
from tests.made_files import write_files

NAMES = sorted(path.parent.name for path in COMPONENTS.glob("*/MLproject"))
SOURCE = ROOT / "src"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    files = {
        "step/run.py": """
            import json
            import near
            from shared import parts
            from shared.more import thing
            import last
            if TYPE_CHECKING:
                import only_for_types
            def work():
                import later
        """,
        "step/near.py": "import first\nfrom second.part import a, b",
        "src/shared/__init__.py": "import of_package",
        "src/shared/parts.py": "import near, third",
        "src/shared/more.py": "import first",
    }
    write_files(tmp_path, files)
    return tmp_path / "step" / "run.py"


def test_in_the_order_in_which_they_are_imported(script: Path) -> None:
    assert list_libraries([script], script.parents[1]) == [
        ("first", ()),
        ("second.part", ("a", "b")),
        ("of_package", ()),
        ("third", ()),
        ("last", ()),
    ]


def test_wandb_is_left_to_each_step_whose_end_would_remove_the_folder_of_the_others() -> None:
    backend = SOURCE / "relay" / "tracking" / "wandb" / "backend.py"
    assert not [module for module, _ in list_libraries([backend], ROOT) if module[:5] == "wandb"]


def test_what_a_package_loads_when_it_is_asked_for_a_name(script: Path) -> None:
    package = script.parents[1] / "src" / "shared" / "__init__.py"
    package.write_text(
        "if TYPE_CHECKING:\n"
        "    from shared.late import asked\n"
        "    from shared.parts import other\n"
        "def __getattr__(name): ...\n"
    )
    package.with_name("late.py").write_text("import fourth")
    script.write_text("from shared import asked\n")
    assert list_libraries([script], script.parents[1]) == [("fourth", ())]


def test_what_a_library_loads_when_it_is_used_comes_last() -> None:
    late = list_late_libraries(
        [("mlflow.sklearn", ()), ("pandas", ()), ("omegaconf", ("OmegaConf",))]
    )
    assert late[0] == ("mlflow.pyfunc", ())
    assert late[-1] == ("pyarrow.dataset", ())
    assert list_late_libraries([("omegaconf", ())]) == []


@pytest.mark.parametrize("module", [name for names in _LATE.values() for name in names])
def test_what_is_loaded_late_is_there(module: str) -> None:
    assert find_spec(module) is not None


@pytest.fixture(scope="module")
def loaded_besides() -> dict[str, list[str]]:
    """By component: the files that it loads besides the libraries of `list_libraries`."""
    tracking = SOURCE / "relay" / "tracking" / "local" / "run.py"
    scripts = {
        name: {
            "folder": str(COMPONENTS / name),
            "libraries": list_libraries([COMPONENTS / name / "run.py", tracking], ROOT),
        }
        for name in NAMES
    }
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "loaded_besides.py")],
        input=json.dumps(scripts),
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(line) for line in done.stdout.splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_when_they_are_loaded_a_component_loads_nothing_else(
    name: str, loaded_besides: dict[str, list[str]]
) -> None:
    # pydantic has some for when a class is made
    assert [path for path in loaded_besides[name] if "pydantic" not in path] == []
