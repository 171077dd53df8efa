"""A project of one's own: what it adds is valid, and a newer Relay is merged without a conflict."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Checkout, new_checkout
from tests.forks import Done

pytestmark = pytest.mark.slow

COMMANDS = (
    ("new-component", "drift", "--input", "clean.clean"),
    ("new-component", "train_knn", "--template", "model"),
    ("new-pipeline", "letters", "--steps", "read,count"),
)
ADDED = ("drift", "train_knn", "letters_read", "letters_count")
SETTINGS = "defaults: [{override /pipeline: own}]\ntracking: {project: mine}\n"
SHIPPED = (
    "README.md", "CHANGELOG.md", "Makefile", "pyproject.toml", "config/config.yaml",
    "config/pipeline/default.yaml", "config/data/table.yaml", "requirements/dev.in",
    "tests/loading.py", "tools/shipped.py", ".github/workflows/ci.yml", ".gitignore",
)  # fmt: skip
"""Files of Relay that a project once had to change for what it adds, and some others."""


def git(folder: Path, *words: str) -> Done:
    identity = ("-c", "user.name=someone", "-c", "user.email=someone@example.com")
    done = Checkout(folder).command("git", *identity, *words)
    assert done.status == 0, done.output
    return done


def new_repository(root: Path) -> Checkout:
    """Return a repository with this checkout's files, as Relay's own."""
    pages = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE", "docs")
    settings = (
        "pyproject.toml",
        "mkdocs.yml",
        "Makefile",
        ".gitignore",
        ".github",
        ".gitlab-ci.yml",
        "relay",
    )
    folders = ("tests", "tools", "benchmarks", "requirements")
    checkout = new_checkout(root, (*folders, *pages, *settings), store=False)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Relay")
    return checkout


def commit(root: Path, message: str) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Return a project with what its user adds, merged with a newer Relay."""
    folder = tmp_path_factory.mktemp("own")
    relay = new_repository(folder / "relay")
    git(folder, "clone", "-q", "-o", "relay", str(relay.root), "project")
    own = Checkout(folder / "project")
    table = own.root / "sales.csv"
    table.write_text("a,b\n" + "".join(f"{number},{number % 7}\n" for number in range(40)))
    for words in (*COMMANDS, ("new-data", "sales", "--from", str(table))):
        done = own.relay(*words)
        assert done.status == 0, done.output
    (own.root / "config" / "project").mkdir()
    (own.root / "config" / "project" / "default.yaml").write_text(SETTINGS)
    (own.root / "project.mk").write_text("hello: ## Greet\n\t@echo hello\n")
    (own.root / "docs" / "own").mkdir()
    (own.root / "docs" / "own" / "data.md").write_text(
        "# Our data\n\nSee [the tour](../tour.md).\n"
    )
    commit(own.root, "Our own")
    for name in SHIPPED:
        path = relay.root / name
        comment = "A newer Relay.\n" if path.suffix == ".md" else "# A newer Relay.\n"
        path.write_text(f"{path.read_text(encoding='utf-8')}{comment}", encoding="utf-8")
    commit(relay.root, "A newer Relay")
    git(own.root, "pull", "-q", "--no-rebase", "--no-edit", "relay", "main")
    return own


def test_a_newer_relay_is_merged_without_a_conflict(own: Checkout) -> None:
    assert git(own.root, "status", "--porcelain").output == ""
    assert all("A newer Relay." in (own.root / name).read_text() for name in SHIPPED)
    changed = git(own.root, "diff", "--name-status", "relay/main").output.splitlines()
    assert {line.partition("\t")[0] for line in changed} == {"A"}, "a file of Relay's was changed"


def test_the_tests_of_the_configuration_and_of_what_was_added_pass(own: Checkout) -> None:
    assert "target: ???" in (own.root / "config" / "data" / "sales.yaml").read_text()
    words = ("-m", "pytest", "-v", "--numprocesses=0")
    # sweeps and models, to which nothing was added, take half of the time
    added = ("-m", "additions", "-k", "not test_every_sweep and not test_every_model")
    done = own.command(sys.executable, *words, *added, "tests/config")
    assert done.status == 0, done.output
    for name in ADDED:
        assert f"test_parameters_are_declared_in_the_code_alone[{name}]" in done.output
    done = own.command(sys.executable, *words, *(f"tests/unit/components/{name}" for name in ADDED))
    assert done.status == 0, done.output
    assert "test_a_prediction_is_the_mean_of_the_nearest_rows PASSED" in done.output


def test_what_was_added_passes_the_linters(own: Checkout) -> None:
    places = [*(f"components/{name}" for name in ADDED)]
    places += [f"tests/unit/{place}" for place in places]
    for words in (("check",), ("format", "--check")):
        done = own.command(sys.executable, "-m", "ruff", *words, *places)
        assert done.status == 0, done.output
    # mypy takes long, and the others import less
    for name in ("train_knn", "letters_read"):
        files = [f"components/{name}/{file}.py" for file in ("params", "run")]
        done = own.command(sys.executable, "-m", "mypy", *files, MYPYPATH=f"components/{name}")
        assert done.status == 0, done.output


def test_the_projects_own_settings_and_targets_are_used(own: Checkout) -> None:
    settings = own.relay("--cfg").output
    assert "  project: mine\n" in settings
    assert "component: train_knn\n" in settings
    assert own.command("make", "--no-print-directory", "hello").output == "hello\n"


def test_a_step_without_a_lock_is_an_error_with_the_command_to_make_one(own: Checkout) -> None:
    (own.root / "components" / "drift" / "requirements.txt").unlink()
    done = own.main("steps=drift", env_manager="uv")
    assert done.status == 2
    assert "components/drift/requirements.txt: the lock is missing" in done.output
    assert "`make lock`" in done.output
