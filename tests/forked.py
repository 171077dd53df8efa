"""Runs a script in a fork of a process that has loaded libraries, as `tests.forks` asks.

    forked.py REQUEST SCRIPT [ARGUMENT ...]

REQUEST is a JSON file: `environ`, all variables, `reloaded`, the packages to load again, and
`servers`, the address of `tests.preloaded` or null.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import runpy
import sys
import threading
from pathlib import Path

from tests.preloading import fork_servers

_path, *sys.argv = sys.argv[1:]
_request = json.loads(Path(_path).read_text(encoding="utf-8"))
for _name in [name for name in sys.modules if name.partition(".")[0] in _request["reloaded"]]:
    del sys.modules[_name]
_source = os.environ["PYTHONPATH"].split(os.pathsep)
sys.path[:] = [folder for folder in sys.path if folder not in _source]
os.environ.clear()
os.environ.update(_request["environ"])
sys.path[1:1] = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]
_servers = _request["servers"]
try:
    with fork_servers(Path(_servers)) if _servers else contextlib.nullcontext():
        runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as _end:
    if not isinstance(_end.code, int):
        raise
    # As Python ends, but for taking apart all that is loaded: that is a quarter of a second each.
    for _thread in threading.enumerate():
        if _thread is not threading.main_thread() and not _thread.daemon:
            _thread.join()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(_end.code)
