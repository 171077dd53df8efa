"""A Slurm cluster of two nodes on this machine: `with SlurmCluster(folder) as cluster`."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

_CONF = """\
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
MpiDefault=none
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=5
KillWait=5
PropagateResourceLimits=NONE
DefMemPerCPU=512
NodeName=n[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{ports[1]}-{ports[2]}] {size}
PartitionName=main Nodes=n[1-2] Default=YES State=UP
"""
_SIZE = "CPUs=8 RealMemory=8192"
_SBIN = "/usr/sbin:/sbin"


def is_installed() -> bool:
    """Return whether this user can start a cluster."""
    tools = ("slurmctld", "slurmd", "munged", "srun")
    path = f"{os.environ.get('PATH', '')}:{_SBIN}"
    return os.geteuid() == 0 and all(shutil.which(tool, path=path) for tool in tools)


class SlurmCluster:
    """The cluster; `conf` is for the variable SLURM_CONF."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.conf = folder / "slurm.conf"

    def __enter__(self) -> SlurmCluster:
        for name in ("state", "spool-n1", "spool-n2"):
            (self.folder / name).mkdir(parents=True)
        key = self.folder / "munge.key"
        key.touch(mode=0o400)
        key.write_bytes(os.urandom(128))
        ports = _free_ports()
        host = socket.gethostname().partition(".")[0]
        self.conf.write_text(_CONF.format(folder=self.folder, host=host, ports=ports, size=_SIZE))
        options = {"key-file": "munge.key", "socket": "munge.socket", "pid-file": "munged.pid"}
        options |= {"log-file": "munged.log", "seed-file": "munged.seed"}
        words = (f"--{key}={self.folder}/{name}" for key, name in options.items())
        self._start("munged", "munged", "--force", *words)
        self._start("slurmctld", "slurmctld", "-c")
        for node in ("n1", "n2"):
            self.start_node(node)
        deadline = time.monotonic() + 60
        while self.ask("sinfo", "--noheader", "--Node", "--format=%t").split() != ["idle"] * 2:
            assert time.monotonic() < deadline, (self.folder / "slurmctld.log").read_text()
            time.sleep(0.1)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ask("scancel", "--user=root")
        for name in ("n1", "n2", "slurmctld", "munged"):
            self.signal(name, signal.SIGTERM)

    def start_node(self, node: str) -> None:
        self._start(node, "slurmd", "-N", node)

    def signal(self, daemon: str, number: int) -> None:
        """Send a signal to a daemon, if it runs."""
        pid = self._pid(daemon)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def ask(self, *words: str) -> str:
        """Return the output of a command of Slurm's."""
        done = subprocess.run(words, env=self._environ, capture_output=True, text=True, check=False)
        return done.stdout

    def jobs(self) -> list[str]:
        """Return the names of the jobs that wait or run."""
        return self.ask("squeue", "--noheader", "--format=%j").split()

    def nodes_used(self) -> list[str]:
        """Return the node of each job that has run, by the order of their ends."""
        return self.ask("squeue", "--noheader", "--states=all", "--format=%N").split()

    @property
    def _environ(self) -> dict[str, str]:
        path = f"{os.environ['PATH']}:{_SBIN}"
        return {**os.environ, "PATH": path, "SLURM_CONF": str(self.conf)}

    def _start(self, daemon: str, *words: str) -> None:
        """Start a daemon, and wait for its number: the command returns before it is written."""
        self._pid_file(daemon).unlink(missing_ok=True)
        subprocess.run(words, env=self._environ, check=True, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while self._pid(daemon) is None:
            assert time.monotonic() < deadline, f"{daemon}: not started"
            time.sleep(0.02)

    def _pid_file(self, daemon: str) -> Path:
        return self.folder / f"{daemon}.pid"

    def _pid(self, daemon: str) -> int | None:
        """Return the process of a daemon, or None while its file is missing or still empty."""
        try:
            return int(self._pid_file(daemon).read_text())
        except (FileNotFoundError, ValueError):
            return None


def _free_ports() -> list[int]:
    """Return the port of the controller, and two that follow each other for the nodes."""
    while True:
        with socket.socket() as first, socket.socket() as second, socket.socket() as third:
            first.bind(("127.0.0.1", 0))
            second.bind(("127.0.0.1", 0))
            port = second.getsockname()[1]
            try:
                third.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return [first.getsockname()[1], port, port + 1]
