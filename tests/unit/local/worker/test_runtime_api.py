from base64 import b64encode
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdabot.local.worker import runtime_api
from lambdabot.local.worker.runtime_api import ProtocolError, Reader, Request

PREFIX = "/2018-06-01/runtime"


def request(method="POST", path="/", body=b"", *headers):
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(path, chunks, trailer=b""):
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    head = f"POST {path} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    return head + body + b"0\r\n" + trailer + b"\r\n"


def pieces(data, cuts):
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.lists(st.integers(0, 5000), max_size=20))
def test_reads_requests_however_they_are_cut(bodies, cuts):
    data = b"".join(request("POST", f"/{number}", body) for number, body in enumerate(bodies))
    reader = Reader()
    seen = [each for piece in pieces(data, cuts) for each in reader.feed(piece)]
    assert [(each.path, each.body) for each in seen] == [(f"/{n}", body) for n, body in enumerate(bodies)]
    assert all(each.headers["host"] == "x" and not each.too_large for each in seen)


@given(st.lists(st.binary(min_size=1, max_size=99), max_size=5), st.lists(st.integers(0, 5000), max_size=20))
def test_reads_chunks_however_they_are_cut(chunks, cuts):
    data = chunked("/a", chunks) + chunked("/b", chunks, b"X-Trailer: 1\r\n") + request("GET", "/c")
    reader = Reader()
    seen = [each for piece in pieces(data, cuts) for each in reader.feed(piece)]
    whole = b"".join(chunks)
    assert [(each.path, each.body) for each in seen] == [("/a", whole), ("/b", whole), ("/c", b"")]


@given(st.binary(max_size=200))
def test_never_fails_but_with_its_own_error(data):
    try:
        list(Reader().feed(data + b"\r\n\r\n" + data))
    except ProtocolError:
        return


def streamed(trailers, mode=b"streaming"):
    head = b"POST /2018-06-01/runtime/invocation/1/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
    head += b"Lambda-Runtime-Function-Response-Mode: " + mode + b"\r\n\r\n"
    return head + b"3\r\none\r\n0\r\n" + trailers + b"\r\n"


TYPE, BODY = b"Lambda-Runtime-Function-Error-Type: RangeError\r\n", b"Lambda-Runtime-Function-Error-Body: "


def test_a_streamed_answer_ends_in_the_error_of_its_trailers():
    data = [
        streamed(TYPE + BODY + b64encode(b'{"errorMessage": "late"}') + b"\r\n"),
        streamed(b""),
        streamed(TYPE + BODY + b"no base64\r\n"),
        streamed(TYPE, mode=b"buffered"),
    ]
    found = list(Reader().feed(b"".join(data)))

    assert [one.body for one in found] == [b"one"] * 4
    assert [one.streamed_error for one in found] == [b'{"errorMessage": "late"}', None, b"", None]


@pytest.mark.parametrize(
    "trailers", [b"no trailer\r\n", b"X: " + b"1" * 3_000_000], ids=["no trailer", "one without an end"]
)
def test_trailers_that_are_none_are_refused(trailers):
    with pytest.raises(ProtocolError):
        list(Reader().feed(streamed(trailers)))


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 3_000_000,
        b"x" * 3_000_000,
    ],
)
def test_refuses_what_is_no_http(data):
    with pytest.raises(ProtocolError):
        list(Reader().feed(data))


def test_reads_a_body_that_is_too_large_to_its_end_and_forgets_it():
    limit = runtime_api.RESPONSE_LIMIT
    reader = Reader()
    exact, larger = reader.feed(request("POST", "/", b"x" * limit) + request("POST", "/", b"x" * (limit + 1)))
    assert (len(exact.body), exact.too_large) == (limit, False)
    assert larger.too_large
    assert [each.path for each in reader.feed(request("GET", "/next"))] == ["/next"]


def test_asks_for_the_body_of_a_client_that_waits():
    reader = Reader()
    assert list(reader.feed(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")) == []
    assert reader.wants_continue
    assert [each.body for each in reader.feed(b"ok")] == [b"ok"]


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", f"{PREFIX}/invocation/next", "next"),
        ("POST", f"{PREFIX}/invocation/id/response", "response"),
        ("POST", f"{PREFIX}/invocation/id/error", "error"),
        ("POST", f"{PREFIX}/init/error", "init error"),
        ("POST", f"{PREFIX}/invocation/next", ""),
        ("GET", "/2020-01-01/extension/event/next", ""),
    ],
)
def test_knows_what_is_asked_for(method, path, action):
    asked = Request(method=method, path=path, headers={}, body=b"", too_large=False)
    assert asked.action == action
    if action == "response":
        assert asked.request_id == "id"


def test_writes_answers():
    assert runtime_api.answer(200, b"{}", {"A": "b"}) == (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nA: b\r\n\r\n{}"
    )
    assert runtime_api.refused(403, "Kind", "why").endswith(b'{"errorMessage": "why", "errorType": "Kind"}')
    assert runtime_api.accepted().startswith(b"HTTP/1.1 202 Accepted\r\n")
