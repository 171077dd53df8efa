"""What a step's digest is made of: a change of it runs the step, and no other.

The digest is the same whatever the backend; that W&B keeps it is in test_cache.py.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.e2e.toy import STEPS, Toy


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    return Toy.after_a_run(tmp_path_factory.mktemp("toy"))


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def test_nothing_changed(toy: Toy) -> None:
    assert toy.ran() == []


def test_a_damaged_output(toy: Toy) -> None:
    store = toy.checkout.root / ".relay" / "trackio"
    digest = hashlib.sha256(b"((0 1) l)").hexdigest()
    next(store.rglob(digest)).write_bytes(b"something else")
    assert toy.ran() == ["left"]
    assert "is damaged" in toy.checkout.step("left")["why"]
    assert next(store.rglob(digest)).read_bytes() == b"((0 1) l)"
    assert toy.ran() == []


def test_a_parameter(toy: Toy) -> None:
    assert toy.ran("left.text=L") == ["left", "both"]
    assert toy.checkout.step("left")["why"] == "parameter text"
    assert toy.checkout.step("both")["why"] == "input left"
    assert toy.ran() == []


def test_a_parameter_that_changes_nothing_in_the_output(toy: Toy) -> None:
    assert toy.ran("left.seconds=0.01") == ["left"]


def test_a_file_of_the_component(toy: Toy) -> None:
    append(toy.checkout.root / "components" / "other" / "run.py", "\n# a word more\n")
    assert toy.ran() == ["right", "both"]
    assert toy.checkout.step("right")["why"] == "code: components/other/run.py"


def test_a_new_file_of_the_component(toy: Toy) -> None:
    (toy.checkout.root / "components" / "other" / "words.txt").write_text("words")
    assert toy.ran() == ["right", "both"]


def test_the_lock(toy: Toy) -> None:
    append(toy.checkout.root / "components" / "other" / "requirements.txt", "# newer\n")
    assert toy.ran() == ["right", "both"]
    assert toy.checkout.step("right")["why"] == "code: the lock"


def test_shared_code_that_is_imported(toy: Toy) -> None:
    append(toy.checkout.root / "src" / "relay" / "step" / "run.py", "\n# a word more\n")
    assert toy.ran() == STEPS


def test_shared_code_that_is_not_imported(toy: Toy) -> None:
    append(toy.checkout.root / "src" / "relay" / "tables" / "io.py", "\n# a word more\n")
    assert toy.ran() == []


def test_the_source(toy: Toy) -> None:
    toy.source.write_text("00")
    assert toy.ran() == ["one", "left", "right", "both"]
    assert toy.checkout.step("one")["why"] == "source"
