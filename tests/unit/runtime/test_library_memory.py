"""What a step loaded is loaded ahead the next time, as long as it fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.runtime.libraries import Library, guess_libraries
from relay.runtime.library_memory import LibraryMemory

IMPORTS: list[Library] = [("pandas", ()), ("sklearn.tree", ("plot_tree",))]


@pytest.fixture
def memory(tmp_path: Path) -> LibraryMemory:
    return LibraryMemory(tmp_path / "libraries.json")


def again(memory: LibraryMemory) -> LibraryMemory:
    memory.save()
    return LibraryMemory(memory._path)


def test_what_was_loaded_is_kept_in_its_order(memory: LibraryMemory) -> None:
    loaded: list[Library] = [("scipy", ()), ("joblib", ("dump",))]
    memory.add("env", "train", IMPORTS, loaded)
    assert again(memory).find("env", "train", IMPORTS) == loaded


def test_another_component_environment_or_import_has_its_own(memory: LibraryMemory) -> None:
    memory.add("env", "train", IMPORTS, [("scipy", ())])
    memory = again(memory)
    assert memory.find("other", "train", IMPORTS) is None
    assert memory.find("env", "split", IMPORTS) is None
    assert memory.find("env", "train", IMPORTS[:1]) is None
    assert memory.find("env", "train", IMPORTS[::-1]) == [("scipy", ())]


def test_what_each_process_must_load_itself_is_not_loaded_ahead(memory: LibraryMemory) -> None:
    # the first process to end would remove the temporary folder of all others
    memory.add("env", "train", IMPORTS, [("wandb.sdk", ()), ("scipy", ()), ("wandb", ())])
    assert again(memory).find("env", "train", IMPORTS) == [("scipy", ())]


def test_a_run_replaces_what_is_remembered(memory: LibraryMemory) -> None:
    memory.add("env", "train", IMPORTS, [("scipy", ())])
    memory.add("env", "train", IMPORTS, [("joblib", ()), ("joblib", ())])
    assert again(memory).find("env", "train", IMPORTS) == [("joblib", ())]


def test_modules_that_are_unfit_are_kept_by_environment(memory: LibraryMemory) -> None:
    memory.add_unfit("env", "hangs")
    memory.add_unfit("env", "crashes")
    memory = again(memory)
    assert memory.unfit("env") == ["crashes", "hangs"]
    assert memory.unfit("other") == []


@pytest.mark.parametrize("text", ["", "[1]", "{"])
def test_a_damaged_file_is_made_again(tmp_path: Path, text: str) -> None:
    path = tmp_path / "libraries.json"
    path.write_text(text)
    memory = LibraryMemory(path)
    assert memory.find("env", "train", IMPORTS) is None
    memory.add("env", "train", IMPORTS, [("scipy", ())])
    assert again(memory).find("env", "train", IMPORTS) == [("scipy", ())]


def test_a_guess_is_what_functions_of_the_component_import(tmp_path: Path) -> None:
    files = {
        "step/run.py": """
import top, near
def work():
    import used, near_too
    with open("f"):
        from also import name
    if near:
        import perhaps
    try:
        import optional
    except ImportError:
        pass
    for _ in ():
        import never
class Worker:
    def work(self):
        import of_class, json
""",
        "step/near.py": "def more():\n    import used_near",
        "step/near_too.py": "import of_near_too",
        "src/shared.py": "def more():\n    import of_the_engine",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    guess = guess_libraries(tmp_path / "step" / "run.py", tmp_path)
    modules = {module for module, _ in guess}
    assert modules == {"used", "also", "of_class", "used_near", "of_near_too"}
