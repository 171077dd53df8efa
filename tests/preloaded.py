"""A process with the libraries of steps, from which the fork servers of tests' runs are forked.

    preloaded.py ADDRESS PACKAGE...

Each run of a pipeline starts a server that loads libraries for its steps: a third to a half of what
such a run costs. With `env_manager=local`, all load the same ones from the same Python. This
process has them already; else a server that it forks is as `python -m relay.runtime.fork_server`.

It reads a line of JSON from standard input, the libraries to load, and ends with that input. To the
socket ADDRESS comes a request for each server: its standard input, its output and its answers as
file descriptors, and JSON with `environ` and `folder`. The reply is its process id. The PACKAGEs
are loaded by each server itself.
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
from typing import NoReturn

_CHUNK = 65536


def main() -> None:
    """Load the libraries, and fork servers until standard input ends."""
    address, *reloaded = sys.argv[1:]
    del sys.path[0]  # the folder of this file
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
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            connection = listener.accept()[0]
            if os.fork() == 0:
                listener.close()
                serve(connection)
            connection.close()


def serve(connection: socket.socket) -> NoReturn:
    """Become the server that is asked for."""
    data, descriptors, *_ = socket.recv_fds(connection, _CHUNK, 3)
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
