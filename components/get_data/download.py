"""Downloads over HTTP, with retries after errors that may pass."""

from __future__ import annotations

import email.utils
import logging
import os
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import truststore

from relay import RelayError
from relay.util.files import replace_file
from relay.util.progress import show_progress
from relay.util.proxies import LOGIN_ADVICE, LOGIN_REQUIRED, Proxy, find_proxy
from relay.util.redact import redact_url

log = logging.getLogger("relay")

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
ATTEMPTS = 5
MAX_REDIRECTS = 10
LONGEST_WAIT = 60.0
_TOO_MANY_REQUESTS = 429
_PIECE = 1 << 16
_ADVICE = {
    401: "It needs a login: download the file yourself and set data.url to its path.",
    403: "Access is refused: download the file yourself and set data.url to its path.",
    404: "Check data.url.",
    410: "The file is gone: check data.url.",
}

Sleep = Callable[[float], None]


@dataclass(frozen=True)
class Response:
    """The server's headers about the file that it sent."""

    etag: str | None
    last_modified: str | None


class _ProxyTransport(httpx.BaseTransport):
    """Sends each request through the proxy for its URL, after a redirect too."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._transports: dict[Proxy | None, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`. Raises RelayError if its proxy cannot be used."""
        proxy = find_proxy(str(request.url), os.environ)
        if proxy is not None:
            proxy.require_usable(request.url.host)
        if proxy not in self._transports:
            self._transports[proxy] = httpx.HTTPTransport(
                verify=self._context, proxy=None if proxy is None else proxy.url
            )
        return self._transports[proxy].handle_request(request)

    def close(self) -> None:
        """Close all connections."""
        for transport in self._transports.values():
            transport.close()


class _TryAgain(Exception):
    """A failure that may pass; `wait` is what the server asks for, in seconds."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


def download(url: str, path: Path, *, max_bytes: int, sleep: Sleep = time.sleep) -> Response:
    """Fetch `url` into `path`, which appears only when it is whole.

    Server errors (5xx, 429) and dropped connections are tried again, ATTEMPTS times in all,
    1, 2, 4, ... seconds apart or as the server asks; `sleep` waits. Raises RelayError if the file
    cannot be downloaded, or is larger than `max_bytes`.
    """
    shown = redact_url(url)
    with _client(url) as client:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with replace_file(path) as aside:
                    return _fetch(client, url, shown, aside, max_bytes)
            except _TryAgain as error:
                if attempt == ATTEMPTS:
                    raise RelayError(
                        f"{shown}: {error} ({ATTEMPTS} tries). Try again later, or download the "
                        "file yourself and set data.url to its path."
                    ) from error
                wait = min(2.0 ** (attempt - 1) if error.wait is None else error.wait, LONGEST_WAIT)
                log.info("%s: %s; trying again in %.0f s", shown, error, wait)
                sleep(wait)
    raise AssertionError("the last try returns or raises")


def _client(url: str) -> httpx.Client:
    for library in ("httpx", "httpcore"):  # they log each URL, with the secrets in it
        logging.getLogger(library).setLevel(logging.WARNING)

    def check(request: httpx.Request) -> None:
        require_still_encrypted(url, str(request.url), redact_url(url))

    return httpx.Client(
        # Called before each request, those that follow a redirect as well.
        event_hooks={"request": [check]},
        follow_redirects=True,
        max_redirects=MAX_REDIRECTS,
        timeout=TIMEOUT,
        # The system's certificates: a company's own authority works without settings.
        transport=_ProxyTransport(truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)),
        # The bytes are stored as they are at the source, so the server must not compress them.
        headers={"Accept-Encoding": "identity", "User-Agent": "relay-get-data"},
    )


def _fetch(client: httpx.Client, url: str, shown: str, path: Path, max_bytes: int) -> Response:
    try:
        with client.stream("GET", url) as response:
            _require_success(response, shown)
            _save(response, shown, path, max_bytes)
            headers = response.headers
            return Response(headers.get("etag"), headers.get("last-modified"))
    except httpx.UnsupportedProtocol as error:
        raise RelayError(
            f"{shown}: it redirects to an address that is not HTTP: {error} Check data.url."
        ) from error
    except httpx.TooManyRedirects as error:
        raise RelayError(
            f"{shown}: more than {MAX_REDIRECTS} redirects. Check data.url."
        ) from error
    except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        who = find_proxy(str(error.request.url), os.environ) or "the server"
        raise _TryAgain(f"{who} does not answer") from error
    except httpx.ConnectError as error:
        raise RelayError(f"{shown}: {_why_no_connection(error)}") from error
    except httpx.ProxyError as error:
        raise _refused_by_proxy(shown, str(error), str(error.request.url)) from error
    except httpx.TimeoutException as error:
        raise _TryAgain(f"the server sent nothing for {TIMEOUT.read:.0f} s") from error
    except httpx.TransportError as error:
        raise _TryAgain(f"the connection broke: {error}") from error
    except (httpx.InvalidURL, httpx.HTTPError) as error:
        raise RelayError(f"{shown}: {error}. Check data.url.") from error


def _require_success(response: httpx.Response, shown: str) -> None:
    status = response.status_code
    if response.is_success:
        return
    problem = f"the server answers {status} {response.reason_phrase}".rstrip()
    if status == LOGIN_REQUIRED:
        raise _refused_by_proxy(shown, f"{status} {response.reason_phrase}", str(response.url))
    if response.is_server_error or status == _TOO_MANY_REQUESTS:
        raise _TryAgain(problem, _retry_after(response.headers.get("retry-after")))
    raise RelayError(f"{shown}: {problem}. {_ADVICE.get(status, 'Check data.url.')}")


def require_still_encrypted(asked: str, answered: str, shown: str) -> None:
    """Check that no redirect leads from https to http, on which anybody can change the file.

    Raises RelayError if one does.
    """
    if asked.lower().startswith("https:") and not answered.lower().startswith("https:"):
        raise RelayError(
            f"{shown}: it redirects to an http address, without encryption. Check data.url; if "
            "that is right, set data.url to the http address and data.sha256 to the file's digest."
        )


def _retry_after(header: str | None) -> float | None:
    """Return the seconds to wait by a Retry-After header, which has seconds or a date; or None."""
    if not header:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return None


def _save(response: httpx.Response, shown: str, path: Path, max_bytes: int) -> None:
    length = response.headers.get("content-length", "")
    total = int(length) if length.isdigit() else None
    if total is not None and total > max_bytes:
        raise _too_large(shown, f"{total / 1e6:g} MB", max_bytes)
    done = 0
    with path.open("wb") as file, show_progress(path.name.strip(".")) as report:
        for piece in response.iter_raw(_PIECE):
            done += len(piece)
            if done > max_bytes:
                raise _too_large(shown, f"more than {max_bytes / 1e6:g} MB", max_bytes)
            file.write(piece)
            report(done, total)
    if total is not None and done != total:
        raise _TryAgain(f"the connection broke after {done} of {total} bytes")


def _too_large(shown: str, size: str, max_bytes: int) -> RelayError:
    return RelayError(
        f"{shown}: the file is too large: {size}; the limit is {max_bytes / 1e6:g} MB. "
        "If that is right, raise data.max_mb."
    )


def _why_no_connection(error: httpx.ConnectError) -> str:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate" in text.lower():
        return (
            f"the server's certificate is not trusted ({text}). If your company has its own "
            "certificate authority, add it to the system's store or name it in SSL_CERT_FILE."
        )
    refused, unknown = _has_cause(error, "ConnectionRefusedError"), _has_cause(error, "gaierror")
    proxy = find_proxy(str(error.request.url), os.environ)
    if proxy is not None:
        reason = "refuses the connection" if refused else f"cannot be reached: {text}"
        problem = "cannot be found" if unknown else reason
        return f"{proxy} {problem}. {proxy.advise(error.request.url.host)}"
    if refused:
        return "the connection is refused. Check the port, and whether the server is running."
    if unknown:
        return "the host is unknown. Check data.url and the network connection."
    return f"no connection: {text}. Check data.url and the network connection."


def _has_cause(error: BaseException | None, name: str) -> bool:
    while error is not None:
        if type(error).__name__ == name:
            return True
        error = error.__cause__ or error.__context__
    return False


def _refused_by_proxy(shown: str, text: str, url: str) -> RelayError | _TryAgain:
    """Return the error for a proxy's refusal; _TryAgain for an error of its own (5xx)."""
    proxy = find_proxy(url, os.environ) or "a proxy"
    if text.startswith("5"):
        return _TryAgain(f"{proxy} cannot reach the server ({text})")
    login = str(LOGIN_REQUIRED) in text
    advice = LOGIN_ADVICE if login else "Ask who runs it, or name the host in NO_PROXY."
    return RelayError(f"{shown}: {proxy} refuses the request ({text}). {advice}")
