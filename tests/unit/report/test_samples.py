import json
from dataclasses import replace
from decimal import Decimal

import pytest

from lambdabot.errors import UsageError
from lambdabot.report.samples import load, samples
from tests.unit.report import runs


def test_what_was_written_is_read_as_it_was(tmp_path):
    run = runs.with_invocations()
    path = tmp_path / "samples.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in samples(run)))

    assert load(path) == {one.function.name: list(one.invocations) for one in run.functions if one.invocations}


def test_what_ran_around_a_wave_is_read_as_it_was_and_stands_where_anything_did(tmp_path):
    run = runs.with_invocations()
    (function,) = (one for one in run.functions if one.invocations)
    first, *others = function.invocations
    first = replace(first, aside_ms=120.5, aside_usd=Decimal("0.0000021"))
    run = replace(run, functions=(replace(function, invocations=(first, *others)),))
    lines = list(samples(run))
    path = tmp_path / "samples.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    assert [line.get("aside_ms") for line in lines] == [120.5] + [None] * len(others)
    assert load(path)[function.name] == [first, *others]


@pytest.mark.parametrize("line", ["{", "[]", '{"function": "orders"}', '{"function": "orders", "side": "left"}'])
def test_a_line_that_is_none_is_named(tmp_path, line):
    path = tmp_path / "samples.jsonl"
    path.write_text(line + "\n")

    with pytest.raises(UsageError, match=r"samples\.jsonl:1: is no line of samples\.jsonl"):
        load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / "samples.jsonl")


def test_a_line_of_an_earlier_version_counts_no_waiting(tmp_path):
    path = tmp_path / "samples.jsonl"
    (line,) = samples(runs.with_invocations())
    path.write_text(json.dumps({name: value for name, value in line.items() if name != "waited_ms"}) + "\n")

    assert load(path)["thumbnail"][0].waited_ms is None
