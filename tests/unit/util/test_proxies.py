"""The environment's variables name the proxy of a request, as `requests` reads them."""

from __future__ import annotations

import pytest
from requests.utils import should_bypass_proxies

from relay.util.errors import RelayError
from relay.util.proxies import Proxy, find_proxy


@pytest.mark.parametrize(
    ("environ", "url", "variable"),
    [
        ({"HTTP_PROXY": "http://p:1"}, "http://a/x", "HTTP_PROXY"),
        ({"http_proxy": "p:1", "HTTP_PROXY": "http://q:1"}, "http://a/x", "http_proxy"),
        ({"ALL_PROXY": "http://p:1"}, "https://a/x", "ALL_PROXY"),
        ({"ALL_PROXY": "socks5://p:1", "HTTPS_PROXY": "http://q:1"}, "https://a/x", "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "http://p:1"}, "http://a/x", None),
        ({"HTTP_PROXY": ""}, "http://a/x", None),
        ({"HTTP_PROXY": "http://p:1", "no_proxy": "b", "NO_PROXY": "a"}, "http://a/", "HTTP_PROXY"),
        ({"HTTP_PROXY": "http://p:1", "NO_PROXY": "b, a"}, "http://a/x", None),
        ({}, "http://a/x", None),
    ],
)
def test_the_variable_of_the_scheme_comes_before_all_proxy(
    environ: dict[str, str], url: str, variable: str | None
) -> None:
    proxy = find_proxy(url, environ)
    assert (proxy and proxy.variable) == variable


@pytest.mark.parametrize(
    ("no_proxy", "url", "is_direct"),
    [
        ("example.com", "http://a.example.com/x", True),
        (".example.com", "http://a.example.com/x", True),
        ("example.com", "http://example.com/x", True),
        ("example.com", "http://badexample.com/x", False),
        ("a.example.com:8080", "http://a.example.com:8080/x", True),
        ("a.example.com:8081", "http://a.example.com:8080/x", False),
        ("*", "http://a/x", True),
        ("127.0.0.1", "http://127.0.0.1:8080/x", True),
        ("10.0.0.0/8", "http://10.20.30.40/x", True),
        ("10.0.0.0/8", "http://11.0.0.1/x", False),
        ("a, 192.168.1.0/24", "http://192.168.1.77:80/x", True),
        ("10.0.0.0/8", "http://ten.example.com/x", False),
        ("10.0.0.0/40", "http://10.0.0.1/x", False),
        ("", "http://a/x", False),
    ],
)
def test_no_proxy_excepts_what_it_excepts_for_requests(
    no_proxy: str, url: str, is_direct: bool
) -> None:
    proxy = find_proxy(url, {"HTTP_PROXY": "http://p:1", "NO_PROXY": no_proxy})
    assert (proxy is None) == is_direct
    assert should_bypass_proxies(url, no_proxy=no_proxy) == is_direct


def test_a_network_of_ipv6_may_be_excepted() -> None:
    environ = {"HTTP_PROXY": "http://p:1", "NO_PROXY": "fd00::/8"}
    assert find_proxy("http://[fd12::1]:80/x", environ) is None
    assert find_proxy("http://[2001:db8::1]/x", environ) is not None


def test_a_proxy_is_shown_without_its_password() -> None:
    proxy = find_proxy("http://a/", {"http_proxy": "http://user:secret@p.example.com:3128"})
    assert str(proxy) == "the proxy http://p.example.com:3128 (http_proxy)"


@pytest.mark.parametrize("value", ["http://", "http://h:notaport", "http://h:0"])
def test_a_variable_without_an_address_is_an_error(value: str) -> None:
    with pytest.raises(RelayError, match="HTTP_PROXY: not the address of a proxy"):
        Proxy("HTTP_PROXY", value).require_usable("a")


@pytest.mark.parametrize("value", ["socks5://h:1", "socks5h://h:1", "socks4://h:1"])
def test_a_proxy_of_another_kind_is_an_error_with_what_to_do(value: str) -> None:
    with pytest.raises(RelayError) as caught:
        Proxy("ALL_PROXY", value).require_usable("example.com")
    text = str(caught.value)
    assert text.startswith("ALL_PROXY: only proxies of http:// and https:// are supported")
    assert f"(got '{value}')" in text
    assert "name example.com in NO_PROXY" in text
