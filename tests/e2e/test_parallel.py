"""Steps run as soon as their inputs are there, several at once, and do not disturb each other."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.e2e.conftest import wait_for
from tests.e2e.toy import STEPS, Toy

KILLS = int(os.environ.get("RELAY_TEST_KILLS") or "5")
"""A kill and what comes after it take five seconds; the job `slow` of ci.yml sets 50."""


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path).with_spawned_steps()


def test_steps_that_do_not_need_each_other_run_at_once(tmp_path: Path) -> None:
    # Forked, all of them: a process that is spawned may need its seconds to begin.
    toy = Toy(tmp_path)
    slow = ("left.seconds=2", "right.seconds=2")
    assert toy.ran(*slow, "steps=+both", "jobs=2") == ["one", "left", "right", "both"]
    left, right, both = toy.span("left"), toy.span("right"), toy.span("both")
    assert max(left[0], right[0]) < min(left[1], right[1])
    assert both[0] > max(left[1], right[1])
    toy.ran(*slow, "steps=left,right", "jobs=1", "cache=false")
    left, right = toy.span("left"), toy.span("right")
    assert left[1] < right[0]


def test_after_a_failure_what_runs_ends_and_nothing_else_begins(toy: Toy) -> None:
    mine = ("steps=+both", "right.seconds=2", "jobs=2")
    done = toy.run("left.fail=true", *mine)
    assert done.status == 1
    statuses = toy.checkout.statuses()
    assert [statuses[name] for name in STEPS[:4]] == ["ran", "failed", "ran", "not_started"]
    assert "it was told to fail" in done.output
    logs = toy.checkout.root / "outputs" / "latest" / "logs"
    assert {log.stem for log in logs.iterdir()} == {"one", "left", "right"}
    # what is well is not run again
    assert toy.ran(*mine) == ["left", "both"]


def test_keep_going_runs_what_does_not_depend_on_the_failure(toy: Toy) -> None:
    done = toy.run("left.fail=true", "keep_going=true")
    assert done.status == 1
    statuses = toy.checkout.statuses()
    assert [name for name in STEPS if statuses[name] == "ran"] == ["one", "right", "apart", "last"]
    assert (statuses["left"], statuses["both"]) == ("failed", "not_started")


def test_an_output_with_the_same_content_spares_what_follows(toy: Toy) -> None:
    assert toy.ran() == STEPS
    assert toy.ran("force=one,apart") == ["one", "apart"]


def test_a_step_whose_code_was_edited_while_it_ran_is_not_remembered(toy: Toy) -> None:
    running = toy.start("steps=apart", "apart.seconds=2")
    logs = toy.checkout.root / "outputs"
    wait_for(lambda: any(logs.glob("*/logs/apart.log")))
    path = toy.checkout.root / "components" / "toy" / "run.py"
    path.write_text(path.read_text() + "\n# a word more\n")
    assert running.wait(60) == 0
    assert toy.ran("steps=apart", "apart.seconds=2") == ["apart"]
    assert toy.ran("steps=apart", "apart.seconds=2") == []


@pytest.mark.slow
def test_two_pipelines_at_once_do_not_mix(toy: Toy) -> None:
    texts = ("p", "q")
    both = [toy.start(f"one.text={text}", "steps=+both", "left.seconds=1") for text in texts]
    for running in both:
        output, _ = running.communicate(timeout=120)
        assert running.returncode == 0, output
    made: dict[str, dict[str, str]] = {}
    for summary in (toy.checkout.root / "outputs").glob("2*/summary.json"):
        for step in json.loads(summary.read_text())["steps"]:
            made |= dict.fromkeys(step["outputs"].values(), step["inputs"])
    roots = {name: _root(name, made) for name in made if name.startswith("both")}
    assert len(roots) == 2
    assert all(len(commits) == 1 for commits in roots.values())
    assert len(set.union(*roots.values())) == 2


def _root(name: str, made: dict[str, dict[str, str]]) -> set[str]:
    """Return the versions of `one` that `name` was made from."""
    if name.startswith("one"):
        return {name}
    return set().union(*(_root(source, made) for source in made[name].values()))


@pytest.mark.slow
def test_killed_at_any_moment_it_ends_as_if_it_had_not_been(toy: Toy) -> None:
    """Many kills: of the orchestrator or of a step, by a signal that can be handled or not."""
    toy.ran()
    expected, store = toy.digests(), toy.checkout.root / ".relay"
    choice = random.Random(7)  # noqa: S311 - the moments need not be secret
    kills = 0
    while kills < KILLS:
        shutil.rmtree(store)
        for _ in range(5):
            running = toy.start("jobs=2")
            time.sleep(choice.uniform(0, 3.0))
            _kill(running.pid, choice)
            running.communicate(timeout=60)
            kills += 1
        toy.ran()
        assert toy.digests() == expected
        assert all(version == 1 for version in toy.checkout.versions().values())


def _kill(pid: int, choice: random.Random) -> None:
    steps = psutil.Process(pid).children(recursive=True) if psutil.pid_exists(pid) else []
    victim = choice.choice([pid, *(step.pid for step in steps)])
    with contextlib.suppress(ProcessLookupError):
        os.kill(victim, choice.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]))
