"""A process with the libraries of steps, from which the fork servers of tests are forked.

    python -m tests.preloaded ADDRESS PACKAGE...

Each run of a pipeline starts a server that loads libraries for its steps: a third to a half of what
such a run costs. With `env_manager=local`, all load the same ones from the same Python, and so do
the servers of the test processes themselves. This process has them already, once for all tests that
run side by side; else a server that it forks is as `python -m relay.runtime.fork_server`.

It reads a line of JSON from standard input, the libraries to load. A connection to the socket
ADDRESS asks for one of two things by its first byte (`tests.preloading` is the other end):

- to stay, until the connection is closed; without any of these, this process ends.
- for a server: with the byte come its standard input, its output and its answers as file
  descriptors, then JSON with `environ` and `folder`. The reply is its process id. It loads the
  PACKAGEs itself.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
from pathlib import Path
from typing import NoReturn

from tests.preloading import REQUEST, STAY

_CHUNK = 65536


def main() -> None:
    """Load the libraries, and fork servers while somebody wants this process to stay."""
    address, *reloaded = sys.argv[1:]
    del sys.path[0]  # the checkout
    for module, names in json.loads(sys.stdin.buffer.readline()):
        __import__(module, fromlist=names)
    for name in [name for name in sys.modules if name.partition(".")[0] in reloaded]:
        del sys.modules[name]
    gc.disable()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the servers are not waited for
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        print("ready", flush=True)
        serve(listener)
        Path(address).unlink()


def serve(listener: socket.socket) -> None:
    """Answer connections until the last of those that want this process to stay is closed."""
    stay: list[socket.socket] = []
    while True:
        ready = select.select([listener, *stay], [], [])[0]
        for closed in [connection for connection in stay if connection in ready]:
            stay.remove(closed)
        if listener not in ready:
            if not stay:
                return
            continue
        connection = listener.accept()[0]
        first, descriptors, *_ = socket.recv_fds(connection, 1, 3)
        if first == STAY:
            connection.sendall(STAY)
            stay.append(connection)
        elif first == REQUEST and os.fork() == 0:
            for other in (listener, *stay):
                other.close()
            become_server(connection, descriptors)
        else:
            connection.close()
            for descriptor in descriptors:
                os.close(descriptor)


def become_server(connection: socket.socket, descriptors: list[int]) -> NoReturn:
    """Become the server that is asked for."""
    data = b""
    while chunk := connection.recv(_CHUNK):
        data += chunk
    request = json.loads(data)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    connection.sendall(str(os.getpid()).encode())
    connection.close()
    read_end, output, answers = descriptors
    for source, target in ((read_end, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(read_end)
    os.close(output)
    os.environ.clear()
    os.environ.update(request["environ"])
    os.chdir(request["folder"])
    sys.path[:0] = request["environ"]["PYTHONPATH"].split(os.pathsep)
    sys.argv = ["fork_server", str(answers)]
    try:
        runpy.run_module("relay.runtime.fork_server", run_name="__main__")
    finally:
        sys.stdout.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
