"""Which files a component depends on is read from its imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.util import code_files, imports
from relay.util.code_files import code_digests
from relay.util.errors import ConfigError
from tests.loading import COMPONENTS, ROOT
from tests.made_files import write_files


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "components/one/run.py": "import params\nfrom relay.a import thing\n",
        "components/one/params.py": "def late():\n    import relay.late\n",
        "components/one/requirements.txt": "x==1\n",
        "components/one/__pycache__/run.pyc": "compiled",
        "components/one/.hidden": "no",
        "components/two/run.py": "import relay\n",
        "src/relay/__init__.py": "",
        "src/relay/a.py": "from relay import b\n",
        "src/relay/b.py": "import relay.deep.c\nimport relay.a\n",
        "src/relay/late.py": "",
        "src/relay/unused.py": "",
        "src/relay/deep/__init__.py": "",
        "src/relay/deep/c.py": "import json\n",
        "src/relay/deep/page.html": "<p>",
        "src/alone.py": "",
    }
    write_files(tmp_path, files)
    return tmp_path


def names(project: Path, component: str) -> set[str]:
    return set(code_digests(project / "components" / component, project))


def test_its_own_files_and_all_that_they_import_count(project: Path) -> None:
    assert names(project, "one") == {
        "components/one/run.py",
        "components/one/params.py",
        "components/one/requirements.txt",
        "src/relay/__init__.py",
        "src/relay/a.py",
        "src/relay/b.py",
        "src/relay/late.py",
        "src/relay/deep/__init__.py",
        "src/relay/deep/c.py",
        "src/relay/deep/page.html",
    }
    assert names(project, "two") == {"components/two/run.py", "src/relay/__init__.py"}


def test_all_modules_of_a_package_that_looks_for_them_count(project: Path) -> None:
    package = project / "src/relay/deep/__init__.py"
    (package.parent / "d.py").write_text("import alone\n")
    package.write_text("from pkgutil import iter_modules\n\nnames = list(iter_modules(__path__))\n")
    assert {"src/relay/deep/d.py", "src/alone.py"} <= names(project, "one")


def test_a_file_that_is_not_python_is_an_error_with_the_line(project: Path) -> None:
    (project / "components" / "one" / "run.py").write_text("import params\ndef broken(:\n")
    with pytest.raises(ConfigError, match=r"components/one/run\.py, line 2: invalid syntax"):
        names(project, "one")


def test_a_changed_file_has_another_digest(project: Path) -> None:
    before = code_digests(project / "components" / "one", project)
    (project / "src/relay/deep/c.py").write_text("import json  # changed\n")
    imports.file_digest.cache_clear()
    after = code_digests(project / "components" / "one", project)
    assert {name for name in after if after[name] != before[name]} == {"src/relay/deep/c.py"}


def test_no_component_depends_on_the_orchestrator() -> None:
    for component in COMPONENTS.glob("*/MLproject"):
        files = code_digests(component.parent, ROOT)
        assert not [name for name in files if name.startswith("src/relay/pipeline")]
        assert "src/relay/step/lifecycle.py" in files


def forget() -> None:
    """Make the modules as they are in a new process."""
    for function in (imports.parse_source, imports.file_digest, imports.open_reader):
        function.cache_clear()
    imports.find_module.cache_clear()
    code_files._counted_files.cache_clear()
    code_files._imported_files.cache_clear()


def test_a_file_is_parsed_once_and_again_when_it_was_edited(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / ".relay").mkdir()
    first = code_digests(project / "components" / "one", project)
    forget()
    monkeypatch.setattr(
        imports, "parse_source", lambda path: pytest.fail(f"{path} is parsed again")
    )
    assert code_digests(project / "components" / "one", project) == first
    monkeypatch.undo()
    forget()
    (project / "src" / "relay" / "a.py").write_text("import relay.unused\n")
    assert "src/relay/unused.py" in names(project, "one")
    assert "src/relay/b.py" not in names(project, "one")


@pytest.mark.parametrize("memory", ["", "[]", "{", "null"])
def test_what_is_remembered_may_be_damaged(project: Path, memory: str) -> None:
    first = names(project, "one")
    (project / ".relay").mkdir()
    (project / ".relay" / "sources.json").write_text(memory)
    forget()
    assert names(project, "one") == first
