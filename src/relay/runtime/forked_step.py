"""What a forked process does: run a script as a new process would, and end."""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import json
import os
import runpy
import signal
import sys
import threading
from collections.abc import Iterator, Set
from pathlib import Path
from typing import NoReturn

from relay.runtime.fork_messages import Step


def run_step(step: Step, stdin: int) -> NoReturn:
    """Run `step` as `python run.py` would in its folder, and end this process."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setpgid(0, 0)
    output = os.open(step.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(stdin, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(stdin)
    os.close(output)
    gc.enable()
    if "numpy" in sys.modules:  # or each process would draw the same numbers
        sys.modules["numpy"].random.seed()
    os.chdir(step.folder)
    os.environ.update(step.environ)
    sys.path.insert(0, step.folder)
    sys.argv = [step.script, *step.arguments]
    before = set(sys.modules)
    code = _run_script(step.script)
    with contextlib.suppress(OSError):
        Path(step.loaded).write_text(json.dumps(list(_list_loaded(before))))
    _end(code)


def _run_script(script: str) -> int:
    """Run `script`, and return the exit status that Python would end with."""
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def _end(code: int) -> NoReturn:
    """End this process as Python does, but for the teardown of its modules.

    That takes longer than many a step, as it touches, and so copies, the memory that is shared.
    """
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads; multiprocessing calls it, too
    atexit._run_exitfuncs()
    opened = [thing for thing in gc.get_objects() if issubclass(type(thing), io.IOBase)]
    # Those of the server are frozen, and so are not among them.
    for file in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__, *opened):
        with contextlib.suppress(Exception):  # there is none, it is closed, or read only
            file.flush()
    os._exit(code & 0xFF)


def _list_loaded(before: Set[str]) -> Iterator[str]:
    """Yield the modules of libraries that were loaded since, in their order.

    Private ones are left out: the others load them.
    """
    for name, module in list(sys.modules.items()):
        is_library = "-packages" in str(getattr(module, "__file__", ""))  # site- or dist-packages
        if is_library and name not in before and "._" not in f".{name}":
            yield name
