"""The step cache: a second run costs what changed, and what was made stays what it was.

What a step's digest is made of is in test_digest.py; the whole pipeline from the cache, and a gate
that failed, are in test_runs.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Checkout, new_checkout
from tests.e2e.online import login
from tests.e2e.toy import Toy
from tests.wandb_server import WandbServer

# The pipeline of small steps


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    return Toy.after_a_run(tmp_path_factory.mktemp("toy"))


def test_a_cached_step_warns_of_what_it_warned_of_when_it_ran(toy: Toy) -> None:
    assert toy.ran("left.warning=late") == ["left"]
    assert toy.checkout.step("left")["warnings"] == ["late"]
    done = toy.run("left.warning=late")
    assert toy.checkout.step("left")["status"] == "cached"
    assert toy.checkout.step("left")["warnings"] == ["late"]
    assert "late" in done.output.replace("warning=late", "")


def test_what_was_made_before_is_known_again_and_is_the_newest(toy: Toy) -> None:
    assert toy.ran("left.text=L") == ["left", "both"]
    assert toy.ran() == []
    assert toy.checkout.step("left")["outputs"] == {"made": "left:v0"}
    assert toy.ran("steps=both", "force=both") == ["both"]
    assert toy.checkout.step("both")["inputs"]["left"] == "left:v0"


def test_cache_false_runs_all_and_force_one(toy: Toy) -> None:
    assert toy.ran("cache=false", "steps=one,left") == ["one", "left"]
    assert toy.ran("force=left") == ["left"]
    assert toy.checkout.step("left")["why"] == "force=left"
    done = toy.run("force=lfet")
    assert done.status == 2
    assert "Did you mean 'left'" in done.output


def test_explain_runs_nothing(toy: Toy) -> None:
    before = set((toy.checkout.root / "outputs").iterdir())
    done = toy.run("left.text=M", "explain=true")
    assert done.status == 0
    assert "parameter text" in done.output
    assert set((toy.checkout.root / "outputs").iterdir()) == before


@pytest.fixture
def server() -> Iterator[WandbServer]:
    with WandbServer() as server:
        yield server


@pytest.mark.slow
def test_on_wandb_one_persons_steps_serve_the_others(tmp_path: Path, server: WandbServer) -> None:
    mine, yours = (Toy(tmp_path / name, **login(server)) for name in ("mine", "yours"))
    yours.source = mine.source
    assert mine.ran("steps=one,left") == ["one", "left"]
    assert yours.ran("steps=one,left") == []
    assert yours.checkout.step("left")["outputs"] == {"made": "left:v0"}
    assert yours.ran("steps=left", "left.text=L") == ["left"]
    assert yours.checkout.step("left")["why"] == "parameter text"
    # code that has changed is another digest, also of an output that stays what it is
    code = yours.checkout.root / "components" / "toy" / "run.py"
    code.write_text(code.read_text() + "\n# a word more\n")
    assert yours.ran("steps=left", "left.text=L") == ["left"]
    assert yours.checkout.step("left")["why"] == "code: components/toy/run.py"
    assert yours.checkout.step("left")["outputs"] == {"made": "left:v1"}
    assert yours.ran("steps=left", "left.text=L") == []
    # and back: what was made first is the newest again
    assert mine.ran("steps=left") == []
    assert "latest" in server.snapshot("relay")["artifacts"]["left:v0"]["aliases"]


# The steps that Relay brings


BASE = ("model=linear", "train.folds=2")


def ran_steps(checkout: Checkout, *arguments: str) -> list[str]:
    """Run the pipeline and return the steps that had to run."""
    done = checkout.main(*BASE, *arguments)
    assert done.status == 0, done.output
    statuses = checkout.statuses()
    assert set(statuses.values()) <= {"ran", "cached", "not_selected"}
    return [name for name, status in statuses.items() if status == "ran"]


def test_a_source_that_changed_is_fetched_again(tmp_path: Path) -> None:
    checkout = new_checkout(tmp_path / "relay")
    table = tmp_path / "flats.csv"
    rows = "\n".join(f"{n},{n % 7},{3 * n + n % 7}" for n in range(60))
    table.write_text(f"area,rooms,price\n{rows}\n")
    mine = ("data=table", f"data.url={table}", "data.target=price", "steps=get_data,clean")
    assert ran_steps(checkout, *mine) == ["get_data", "clean"]
    table.touch()
    assert ran_steps(checkout, *mine) == ["get_data"]
    ran_steps(checkout, *mine, "data.refresh=never")
    table.write_text(table.read_text() + "61,2,184\n")
    assert ran_steps(checkout, *mine, "data.refresh=never") == []
    assert ran_steps(checkout, *mine) == ["get_data", "clean"]
    assert ran_steps(checkout, *mine, "data.refresh=always") == ["get_data"]
