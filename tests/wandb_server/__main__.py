"""Run the server by hand: `python -m tests.wandb_server --port 8123`."""

from __future__ import annotations

import argparse
import contextlib
import signal
import threading

from tests.wandb_server import WandbServer


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m tests.wandb_server", description=__doc__)
    parser.add_argument("--port", type=int, default=8123, help="0: any free port")
    parser.add_argument("--entity", default="someone", help="the default entity of the key")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job has it ignored
    server = WandbServer(port=options.port, entity=options.entity)
    with contextlib.suppress(KeyboardInterrupt), server:
        print(f"WANDB_BASE_URL={server.url}\nWANDB_API_KEY={server.key}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
