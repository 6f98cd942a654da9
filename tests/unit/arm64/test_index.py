"""Indexes over real HTTP: private ones, failures in every form, caching, conditional requests, HTML."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lambdabot.arm64.check import check, check_many
from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.arm64.target import Target
from lambdabot.workspace import Workspace


def one(answer, name):
    return next(package for package in answer.packages if package.name == name)


def test_private_index_is_asked_first_and_with_its_credentials(package_index, private_index, ask):
    private_index.credentials = "user:pa$$"
    private_index.wheel("ours", "1.0")
    package_index.wheel("theirs", "1.0")
    address = private_index.url.replace("://", "://user:pa%24%24@")
    answer = ask(f"--extra-index-url {address}\nours\ntheirs\n")
    assert answer.verdict == "ready"
    assert "/simple/ours/" not in package_index.asked
    assert "pa$$" not in str(answer)


def test_credentials_of_netrc_are_used_and_never_shown(package_index, private_index, ask, tmp_path, monkeypatch):
    private_index.wheel("alpha", "1.0")
    private_index.credentials = "ci:s3cr3t"
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ci password s3cr3t\n")
    assert ask(f"--extra-index-url {private_index.url}\nalpha\n").verdict == "unknown"
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    # What a manifest names gets them over https alone, and what the environment names as it names it.
    assert ask(f"--extra-index-url {private_index.url}\nalpha\n").verdict == "unknown"
    monkeypatch.setenv("UV_INDEX", private_index.url)
    answer = ask("alpha\n")
    assert answer.verdict == "ready"
    assert "s3cr3t" not in str(answer)
    assert package_index.asked == []


def test_name_is_not_looked_up_publicly_when_its_index_refuses(package_index, private_index, ask):
    private_index.credentials = "user:secret"
    package_index.wheel("ours", "1.0")
    package_index.wheel("theirs", "1.0")
    answer = ask(f"--extra-index-url {private_index.url}\nours\n")
    assert one(answer, "ours").verdict == "not checked"
    assert "asks for credentials (HTTP 401)" in one(answer, "ours").evidence
    assert package_index.asked == []


def test_404_of_a_private_index_is_not_checked(private_index, package_index, ask, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", private_index.url)
    answer = ask("ours==1\n")
    assert one(answer, "ours").verdict == "not checked"
    assert package_index.asked == []


def test_no_index_asks_nobody(package_index, ask):
    answer = ask("--no-index\nalpha\n")
    assert one(answer, "alpha").evidence == "no index may be asked (--no-index)"
    assert package_index.asked == []


def test_failures_are_not_checked_and_the_rest_goes_on(package_index, ask):
    package_index.wheel("good", "1.0")
    package_index.wheel("broken", "1.0")
    package_index.statuses["/simple/broken/"] = 500
    package_index.bodies |= {"nonsense": b"{}", "list": b"[1]", "text": b"<html"}
    answer = ask("good\nbroken\nnonsense\nlist\ntext\n")
    assert answer.verdict == "unknown"
    assert one(answer, "good").verdict == "pure"
    assert "HTTP 500" in one(answer, "broken").evidence
    assert {one(answer, name).verdict for name in ("nonsense", "list", "text")} == {"not checked"}


def test_wheel_that_cannot_be_read_is_not_checked(package_index, ask):
    package_index.wheel("alpha", "1.0", "cp312-cp312-manylinux_2_17_aarch64")
    package_index.statuses["/files/alpha/alpha-1.0-cp312-cp312-manylinux_2_17_aarch64.whl"] = 403
    package_index.wheel("beta", "1.0")
    package_index.files["beta"]["beta-1.0-py3-none-any.whl"].content = b"no zip"
    answer = ask("alpha\nbeta\n")
    assert answer.verdict == "unknown"
    assert "HTTP 403" in one(answer, "alpha").evidence
    assert "no readable wheel" in one(answer, "beta").evidence


def test_nobody_there_is_not_checked(ask, package_index, monkeypatch):
    monkeypatch.setenv("UV_INDEX_URL", "http://127.0.0.1:9/simple")
    answer = ask("alpha\nbeta\n")
    assert {package.verdict for package in answer.packages} == {"not checked"}
    assert one(answer, "alpha").evidence == "127.0.0.1:9: no connection"


def test_silence_ends_in_time(package_index, tmp_path):
    package_index.hang = threading.Event()
    (tmp_path / "requirements.txt").write_text("alpha\n")
    answer = check(
        tmp_path / "requirements.txt",
        Workspace(tmp_path),
        Target("3.12", "2.34"),
        IndexAccess(None, 0.2),
    )
    package_index.hang.set()
    assert "no answer in time" in one(answer, "alpha").evidence


def test_many_paths_wait_for_a_silent_index_together_and_answer_in_order(package_index, tmp_path):
    package_index.hang = threading.Event()
    paths = [tmp_path / f"{number}.txt" for number in range(20)]
    for path in paths:
        path.write_text("alpha\n")
    answers = check_many(
        [(path, Workspace.around(path)) for path in paths], Target("3.12", "2.34"), IndexAccess(None, 0.2)
    )
    package_index.hang.set()
    assert [answer.path for answer in answers] == [str(path) for path in paths]
    assert {one(answer, "alpha").verdict for answer in answers} == {"not checked"}
    assert len(package_index.asked) < 12  # 8 without an answer, and those under way beside the last of them


def test_many_paths_are_asked_for_at_the_same_time(package_index, tmp_path):
    package_index.hang = threading.Event()
    paths = [tmp_path / f"{number}.txt" for number in range(4)]
    for number, path in enumerate(paths):
        path.write_text(f"alpha{number}\n")
    with ThreadPoolExecutor(1) as pool:
        answers = pool.submit(
            check_many, [(path, Workspace(tmp_path)) for path in paths], Target("3.12", "2.34"), IndexAccess(None, 20)
        )
        until = time.monotonic() + 10
        while len(package_index.asked) < len(paths) and time.monotonic() < until:
            time.sleep(0.01)
        together = len(package_index.asked)
        package_index.hang.set()
        assert len(answers.result()) == len(paths)
    assert together == len(paths)


def test_html_pages_are_read(package_index, ask):
    package_index.html = True
    package_index.wheel("alpha", "1.0")
    assert ask("alpha\n").verdict == "ready"


def test_server_without_ranges_is_read_whole(package_index, ask):
    package_index.ranges = False
    package_index.wheel("alpha", "1.0", requires=("beta",))
    package_index.wheel("beta", "1.0")
    assert len(ask("alpha\n").packages) == 2


@pytest.mark.parametrize("key", ["core-metadata", "data-dist-info-metadata"])
@pytest.mark.parametrize("there", [True, False])
def test_metadata_beside_a_wheel_is_read_in_its_place_where_it_is_there(package_index, ask, verdicts, key, there):
    tags = "cp312-cp312-manylinux_2_17_aarch64"
    package_index.wheel("alpha", "1.0", tags, requires=("beta",))
    package_index.wheel("beta", "1.0")
    package_index.metadata_key = key
    address = f"/files/alpha/alpha-1.0-{tags}.whl"
    if not there:
        package_index.statuses[f"{address}.metadata"] = 404
    answer = ask("alpha\n")
    assert verdicts(answer) == {"alpha": "wheel", "beta": "pure"}
    assert f"{address}.metadata" in package_index.asked
    assert (address in package_index.asked) is not there
    assert "/files/beta/beta-1.0-py3-none-any.whl.metadata" not in package_index.asked  # it is looked into anyway


def test_large_wheel_is_read_in_ranges(package_index, ask, elf):
    import os

    files = {"alpha/data.bin": os.urandom(300_000), "alpha/tool": elf(0xB7) + os.urandom(100_000)}
    package_index.wheel("alpha", "1.0", files=files)
    assert ask("alpha\n").verdict == "ready"


def test_unchanged_question_is_answered_from_the_cache_without_any_request(package_index, ask, tmp_path: Path):
    package_index.wheel("alpha", "1.0", requires=("beta",))
    package_index.wheel("beta", "1.0")
    first = ask("alpha\n", cache=tmp_path / "cache")
    package_index.asked.clear()
    assert ask("alpha\n", cache=tmp_path / "cache") == first
    assert package_index.asked == []


def test_pages_no_longer_fresh_are_asked_for_conditionally(package_index, ask, tmp_path, clock):
    package_index.wheel("alpha", "1.0")
    first = ask("alpha\n", cache=tmp_path / "cache")
    clock[0] = 3600
    assert ask("alpha\n", cache=tmp_path / "cache") == first
    assert package_index.not_modified == 1
    package_index.wheel("alpha", "1.1")
    clock[0] = 7200
    assert one(ask("alpha\n", cache=tmp_path / "cache"), "alpha").version == "1.1"


def test_other_question_uses_the_pages_that_are_kept(package_index, ask, tmp_path, clock):
    package_index.wheel("alpha", "1.0")
    package_index.wheel("alpha", "2.0")
    ask("alpha\n", cache=tmp_path / "cache")
    asked = package_index.asked.count("/simple/alpha/")
    assert one(ask("alpha<2\n", cache=tmp_path / "cache"), "alpha").version == "1.0"
    assert package_index.asked.count("/simple/alpha/") == asked
    clock[0] = 3600
    assert one(ask("alpha!=2.0\n", cache=tmp_path / "cache"), "alpha").version == "1.0"
    assert package_index.not_modified == 1


def test_damaged_cache_is_as_none(package_index, ask, tmp_path):
    package_index.wheel("alpha", "1.0")
    first = ask("alpha\n", cache=tmp_path / "cache")
    for damage in (b"", b"[]", b'{"seen": 3}', b'{"digest": "x", "seen": {}, "answer": {}}'):
        for path in (tmp_path / "cache").glob("*-1/*.json"):
            path.write_bytes(damage)
        assert ask("alpha\n", cache=tmp_path / "cache") == first
    for path in (tmp_path / "cache").glob("page-1/*.json"):
        path.unlink()
    assert one(ask("alpha<9\n", cache=tmp_path / "cache"), "alpha").version == "1.0"


def test_cache_that_cannot_be_written_costs_nothing_but_itself(package_index, ask, tmp_path):
    (tmp_path / "file").write_text("")
    package_index.wheel("alpha", "1.0")
    from lambdabot.arm64.indexes.cache import Cache

    Cache(tmp_path / "file").put("page", "key", {})
    assert Cache(tmp_path / "file").get("page", "key") is None


def test_answers_that_rest_on_files_without_a_hash_are_not_kept(package_index, ask, tmp_path):
    package_index.hashes = False
    package_index.wheel("alpha", "1.0")
    ask("alpha\n", cache=tmp_path / "cache")
    package_index.asked.clear()
    ask("alpha\n", cache=tmp_path / "cache")
    assert package_index.asked != []


def test_address_of_a_wheel_is_judged_by_its_name(package_index, ask):
    answer = ask(
        "alpha @ https://127.0.0.1:9/alpha-1.0-cp312-cp312-manylinux_2_17_x86_64.whl\n"
        "https://127.0.0.1:9/beta-1.0-py3-none-any.whl\n"
        "gamma @ https://127.0.0.1:9/main.zip\n"
    )
    assert one(answer, "alpha").verdict == "no arm64 wheel"
    assert one(answer, "beta").verdict == "not checked"  # what it holds could not be read
    assert one(answer, "gamma").verdict == "not checked"
