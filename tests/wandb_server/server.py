"""The HTTP side: GraphQL, the file stream of runs, uploads and downloads."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import unquote

from tests.wandb_server import runs, sweeps
from tests.wandb_server.artifacts import hex_digest
from tests.wandb_server.execution import execute, schema
from tests.wandb_server.faults import Faults, PathKind, Request
from tests.wandb_server.model import ApiError
from tests.wandb_server.resolvers import Context
from tests.wandb_server.snapshot import snapshot
from tests.wandb_server.state import State

_FILE_STREAM = re.compile(r"/files/([^/]+)/([^/]+)/([^/]+)/file_stream")
_OPERATION = re.compile(r"\b(?:query|mutation)\s+(\w+)")


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], owner: WandbServer) -> None:
        self.owner = owner
        self.open_sockets: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report a bug; that a client goes away in mid-request is none."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class WandbServer:
    """A W&B server in this process: `with WandbServer() as server: ...`.

    The SDK needs `WANDB_BASE_URL=server.url` and `WANDB_API_KEY=server.key`, nothing else.
    """

    def __init__(self, *, port: int = 0, entity: str = "someone", key: str | None = None) -> None:
        self.entity = entity
        self.key = key or "local" + "0123456789abcdef" * 3
        self.faults = Faults()
        self.state = State(entity)
        self._port = port
        self._requests: list[Request] = []
        self._log_lock = threading.Lock()
        self._key_is_valid = True
        self._http: _Http | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The base URL; the same after a stop and a start."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> WandbServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; a server that was stopped listens on its port again, with its state."""
        if self._http is not None:
            return
        schema()
        self._http = _Http(("127.0.0.1", self._port), self)
        self._port = self._http.server_address[1]
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and close the connections that are open."""
        if self._http is None or self._thread is None:
            return
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        for connection in list(self._http.open_sockets):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._http = None

    def revoke_key(self) -> None:
        """From now on the key is not valid."""
        self._key_is_valid = False

    def restore_key(self) -> None:
        """Accept the key again."""
        self._key_is_valid = True

    def add_team(self, name: str) -> None:
        """Let the user belong to one more team: an entity beside the default one."""
        with self.state.lock:
            self.state.add_team(name)

    def requests(self) -> list[Request]:
        """Return all that arrived, in order."""
        with self._log_lock:
            return list(self._requests)

    def bodies_contain(self, text: str) -> bool:
        """Whether a text occurred in the body of a request, also inside of JSON."""
        forms = {text}
        for _ in range(2):  # JSON in JSON: a row of the history is a string of the file stream
            forms |= {escaped for form in forms for escaped in _escaped(form)}
        needles = [form.encode() for form in forms]
        return any(needle in request.body for request in self.requests() for needle in needles)

    def snapshot(self, project: str, entity: str | None = None) -> dict[str, Any]:
        """Return what a project holds, as plain data."""
        with self.state.lock:
            return snapshot(self.state, project, entity or self.entity)

    def make_sweep(self, project: str, settings: dict[str, Any]) -> str:
        """Make a sweep, and return its id."""
        data = {"project_name": project, "config": json.dumps(settings)}
        with self.state.lock:
            return sweeps.upsert(self.state, data).name

    def stop_run(self, project: str, name: str) -> None:
        """Ask a run to stop, as a person does on its page."""
        with self.state.lock:
            self.state.run(self.entity, project, name).should_stop = True

    def record(self, request: Request) -> None:
        """Add a request to the log."""
        with self._log_lock:
            self._requests.append(request)

    def accepts(self, authorization: str | None) -> bool:
        """Whether a request comes with the key."""
        scheme, _, credentials = (authorization or "").partition(" ")
        if scheme.lower() == "basic":
            with contextlib.suppress(ValueError):
                credentials = base64.b64decode(credentials).decode().partition(":")[2]
        return self._key_is_valid and credentials == self.key


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    @property
    def owner(self) -> WandbServer:
        return cast(_Http, self.server).owner

    def setup(self) -> None:
        super().setup()
        cast(_Http, self.server).open_sockets.add(self.connection)

    def finish(self) -> None:
        cast(_Http, self.server).open_sockets.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing: the log is `requests()`."""

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def _answer(self) -> None:
        request = self._read()
        self.owner.record(request)
        fault = self.owner.faults.meet(request)
        if fault is not None and fault.kind == "drop":
            self.close_connection = True
        elif fault is not None and fault.kind == "status":
            answer = {"errors": [{"message": fault.message}]}
            self._send(request, fault.status, json.dumps(answer).encode())
        else:
            status, body = self._work(request)
            if fault is not None and fault.kind == "lost_answer":
                self.close_connection = True
            else:
                self._send(request, status, body)
        request.seconds = time.time() - request.time

    def _read(self) -> Request:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionError("the client went away")
        path = unquote(self.path.partition("?")[0])
        request = Request(time.time(), self.command, path, _kind(self.command, path), body=body)
        if request.kind == "graphql":
            named = _OPERATION.search(str(_json(body).get("query")))
            request.operation = named[1] if named else ""
        return request

    def _work(self, request: Request) -> tuple[int, bytes]:
        try:
            if request.kind == "graphql":
                return self._graphql(request)
            if request.kind == "file_stream":
                return self._file_stream(request)
            if request.kind == "upload":
                self.owner.state.store(_token(request.path), request.body)
                return 200, b""
            if request.kind == "download":
                return 200, self._download(request)
            raise ApiError("not found", status=404)
        except ApiError as error:
            return error.status, json.dumps({"error": str(error)}).encode()

    def _logged_in(self) -> bool:
        return self.owner.accepts(self.headers.get("Authorization"))

    def _graphql(self, request: Request) -> tuple[int, bytes]:
        data = _json(request.body)
        context = Context(self.owner.state, self.owner.url, self._logged_in())
        status, answer = execute(str(data.get("query")), data.get("variables"), context)
        return status, json.dumps(answer).encode()

    def _file_stream(self, request: Request) -> tuple[int, bytes]:
        if not self._logged_in():
            raise ApiError("user is not logged in", status=401)
        names = _FILE_STREAM.fullmatch(request.path)
        assert names is not None
        state = self.owner.state
        with state.lock:
            run = state.run(names[1], names[2], names[3])
            runs.stream(run, _json(request.body))
            answer: dict[str, Any] = {"exitcode": None, "limits": {}, "stopped": run.should_stop}
        return 200, json.dumps(answer).encode()

    def _download(self, request: Request) -> bytes:
        state = self.owner.state
        if request.path.startswith("/storage/"):
            return state.load(_token(request.path))
        if not self._logged_in():
            raise ApiError("user is not logged in", status=401)
        artifact_id, _, digest, _ = request.path.split("/")[-4:]
        with state.lock:
            for upload in state.artifact(artifact_id).uploads.values():
                if upload.md5 is not None and hex_digest(upload.md5) == digest:
                    return state.load(upload.token)
        raise ApiError("file not found", status=404)

    def _send(self, request: Request, status: int, body: bytes) -> None:
        request.status = status
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _escaped(text: str) -> set[str]:
    """Return a text as JSON of Python and of Go, which escapes more, has it."""
    forms = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    marks = {ord(mark): f"\\u{ord(mark):04x}" for mark in "<>&"}
    return forms | {form.translate(marks) for form in forms}


def _kind(method: str, path: str) -> PathKind:
    if path == "/graphql":
        return "graphql"
    if _FILE_STREAM.fullmatch(path):
        return "file_stream"
    if path.startswith("/storage/"):
        return "upload" if method == "PUT" else "download"
    return "download" if path.startswith("/artifactsV2/") else "other"


def _token(path: str) -> str:
    return path.rpartition("/")[2]


def _json(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}
