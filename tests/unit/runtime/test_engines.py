"""What starts a step elsewhere: the words before its command, and what its end means."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.runtime.engines import CommandEngine, SlurmEngine
from relay.step.resources import Resources
from relay.util.errors import ConfigError, RelayError


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SlurmEngine:
    """Make tools with Slurm's names; `squeue` prints what the file `state` has, once."""
    for name in ("srun", "scancel", "squeue"):
        tool = tmp_path / name
        tool.write_text(f'#!/bin/sh\necho "$0 $*" >> {tmp_path}/calls\n')
        tool.chmod(0o755)
    with (tmp_path / "squeue").open("a") as script:
        script.write(f"cat {tmp_path}/state; : > {tmp_path}/state\n")
    (tmp_path / "state").write_text("")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return SlurmEngine(options=["--account=lab"])


def test_srun_gets_the_resources_of_the_step(slurm: SlurmEngine) -> None:
    words = slurm.prefix(
        "relay-train-1", "train", Resources(cpus=4, memory_gb=1.5, gpus=1, minutes=2.5, queue="q")
    )
    assert words[:2] == ["srun", "--job-name=relay-train-1"]
    assert words[-6:] == [
        *("--cpus-per-task=4", "--mem=1536M", "--gres=gpu:1", "--time=4", "--partition=q"),
        "--account=lab",
    ]
    assert "--mem" not in " ".join(slurm.prefix("job", "train", Resources()))


def test_each_step_is_a_job_of_its_own_also_within_a_job(
    slurm: SlurmEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("SLURM_CONF", "/etc/slurm.conf")
    assert "SLURM_JOB_ID" not in slurm.environ()
    assert slurm.environ()["SLURM_CONF"] == "/etc/slurm.conf"


def test_a_job_is_cancelled_by_name_and_waited_for(slurm: SlurmEngine, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("COMPLETING\n")
    slurm.cancel("relay-train-1")
    calls = [line.rpartition(f"{tmp_path}/")[2] for line in (tmp_path / "calls").open()]
    assert calls[0] == "scancel --name=relay-train-1\n"
    assert len(calls) == 3  # the second look finds that it has ended


@pytest.mark.parametrize(
    ("state", "line", "reason"),
    [
        ("NODE_FAIL", "", "its node was lost"),
        ("OUT_OF_MEMORY", "", "over memory"),
        ("FAILED", "srun: error: Detected 1 oom_kill event", "over memory"),
        ("FAILED", "slurmstepd-n1: error: StepId=3.0 exceeded memory limit (3 > 2)", "over memory"),
        ("TIMEOUT", "", "over time"),
        ("CANCELLED", "", "was cancelled"),
    ],
)
def test_slurm_names_the_end_of_a_job(
    slurm: SlurmEngine, tmp_path: Path, state: str, line: str, reason: str
) -> None:
    (tmp_path / "state").write_text(f"{state}\n")
    assert reason in str(slurm.explain("relay-train-1", [line]))


def test_a_step_that_failed_by_itself_is_not_explained(slurm: SlurmEngine, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("FAILED\n")
    assert slurm.explain("relay-train-1", ["Make room on the disk. exceeded memory limit"]) is None


def test_the_words_of_a_command_have_the_job_and_the_resources() -> None:
    engine = CommandEngine(["sh", "--name={job}", "--cpus={cpus}", "{step}"])
    words = engine.prefix("relay-train-1", "train", Resources(cpus=3))
    assert words == ["sh", "--name=relay-train-1", "--cpus=3", "train"]
    with pytest.raises(ConfigError, match=r"{cpus} has no value for step 'train'.*resources.cpus"):
        engine.prefix("relay-train-1", "train", Resources())


def test_a_command_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"engine\.command: a value is required"):
        CommandEngine([])
    with pytest.raises(RelayError, match=r"engine\.command: no_such_tool is not installed"):
        CommandEngine(["no_such_tool"])
