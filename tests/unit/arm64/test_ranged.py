"""A file in ranges: the same bytes as the whole file, and no more of them than needed."""

import io
import random
import re

import pytest
import requests

from lambdabot.arm64.files import ranged
from lambdabot.arm64.files.contents import UnreadableError
from lambdabot.arm64.files.ranged import TAIL, RangedFile

URL = "https://x.invalid/file"
CONTENT = b"".join(number.to_bytes(4, "big") for number in range(50_000))


class Server:
    """Answers ranges as a server does; `bend` spoils the answers."""

    def __init__(self, content=CONTENT, bend=lambda answer, _: answer):
        self.content, self.bend, self.asked = content, bend, []

    def __call__(self, url, headers):
        assert url == URL
        self.asked.append(headers["Range"])
        first, last = re.fullmatch(r"bytes=(\d*)-(\d+)", headers["Range"]).groups()
        size = len(self.content)
        start, end = (max(0, size - int(last)), size) if not first else (int(first), min(size, int(last) + 1))
        answer = requests.Response()
        answer.status_code, answer.raw = 206, io.BytesIO(self.content[start:end])
        answer.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        return self.bend(answer, len(self.asked))


def whole(answer, _):
    answer.status_code, answer.raw = 200, io.BytesIO(CONTENT)
    del answer.headers["Content-Range"]
    return answer


def test_reads_are_those_of_the_file_itself():
    file, real = RangedFile(Server(), URL), io.BytesIO(CONTENT)
    assert file.readable()
    assert file.seekable()
    chance = random.Random(3)  # noqa: S311  # places to read, the same in every run
    for _ in range(300):
        offset, size = chance.randrange(210_000), chance.choice([-1, 0, 1, 100, 40_000])
        assert file.seek(offset) == real.seek(offset)
        assert file.read(size) == real.read(size)
        assert file.tell() == real.tell()


def test_seeks_from_everywhere():
    file = RangedFile(Server(), URL)
    assert file.seek(-10, io.SEEK_END) == len(CONTENT) - 10
    assert file.read() == CONTENT[-10:]
    assert file.seek(-5, io.SEEK_CUR) == len(CONTENT) - 5
    assert file.seek(-5) == 0


def test_tail_costs_one_request_and_neighbours_one_more():
    server = Server()
    file = RangedFile(server, URL)
    file.seek(-TAIL, io.SEEK_END)
    assert file.read() == CONTENT[-TAIL:]
    assert server.asked == [f"bytes=-{TAIL}"]
    file.seek(100)
    assert file.read(10) + file.read(1000) == CONTENT[100:1110]
    assert server.asked[1:] == [f"bytes=100-{100 + 16 * 1024 - 1}"]
    file.seek(0)
    assert file.read(1) == CONTENT[:1]
    assert len(server.asked) == 3


def test_server_without_ranges_gives_everything_at_once():
    server = Server(bend=whole)
    file = RangedFile(server, URL)
    assert file.read() == CONTENT
    assert len(server.asked) == 1


def test_range_that_is_not_named_is_refused():
    def unnamed(answer, _):
        answer.headers["Content-Range"] = "bytes */*"
        return answer

    with pytest.raises(UnreadableError, match="without saying which"):
        RangedFile(Server(bend=unnamed), URL)


def test_later_answer_that_is_no_range_is_refused():
    file = RangedFile(Server(bend=lambda answer, number: answer if number == 1 else whole(answer, number)), URL)
    with pytest.raises(UnreadableError, match="HTTP 200"):
        file.read(1)


def test_range_of_another_length_is_refused():
    def short(answer, number):
        if number > 1:
            answer.raw = io.BytesIO(b"short")
        return answer

    with pytest.raises(UnreadableError, match="another range than was asked for"):
        RangedFile(Server(bend=short), URL).read(100)


def test_no_more_than_is_sensible_is_read(monkeypatch):
    monkeypatch.setattr(ranged, "_WHOLE_LIMIT", 50_000)
    file = RangedFile(Server(), URL)
    with pytest.raises(UnreadableError, match="more would have to be read"):
        file.read(100_000)
    assert file.read(10) == CONTENT[:10]
    with pytest.raises(UnreadableError, match="too large to be read"):
        RangedFile(Server(bend=whole), URL)


def test_body_is_saved_from_its_start_and_within_the_limit():
    def answer():
        return whole(Server()(URL, {"Range": "bytes=0-0"}), 1)

    target = io.BytesIO()
    ranged.save(answer(), target, len(CONTENT))
    assert target.read() == CONTENT
    with pytest.raises(UnreadableError, match="too large to be read"):
        ranged.save(answer(), io.BytesIO(), len(CONTENT) - 1)
