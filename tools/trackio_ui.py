"""Serve Trackio's pages of the local store to browsers of this machine only (`make ui`).

Trackio answers requests for any host. A web page elsewhere whose name resolves to 127.0.0.1 (DNS
rebinding) could read the store through its visitor's browser.
"""

from __future__ import annotations

import argparse

import uvicorn
from starlette.applications import Starlette
from starlette.middleware.trustedhost import TrustedHostMiddleware
from trackio.server import build_starlette_app_only

HOST = "127.0.0.1"
NAMES = [HOST, "localhost"]


def make_app() -> Starlette:
    """Return Trackio's application, which refuses requests that name another host."""
    app: Starlette
    app, _ = build_starlette_app_only()
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=NAMES, www_redirect=False)
    return app


def main() -> None:
    """Serve until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=7860)
    arguments = parser.parse_args()
    uvicorn.run(make_app(), host=HOST, port=arguments.port, log_level="warning")


if __name__ == "__main__":
    main()
