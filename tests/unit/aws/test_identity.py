import re
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from lambdabot.aws.copies.identity import RunIdentity
from lambdabot.model import Architecture, Configuration, Side, Variant

EXPIRES = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
variants = st.builds(
    Variant,
    side=st.sampled_from(Side),
    configuration=st.builds(
        Configuration, memory_mb=st.integers(128, 10_240), architecture=st.sampled_from(Architecture)
    ),
)


def identity(**changes) -> RunIdentity:
    return RunIdentity(
        **{"repository": "octo/shop", "pull_request": 7, "run": "12345678901-1", "expires": EXPIRES} | changes
    )


def test_tags_say_whose_it_is_and_how_long():
    assert identity().tags == {
        "lambdabot:run": "12345678901-1",
        "lambdabot:repository": "octo/shop",
        "lambdabot:pull-request": "7",
        "lambdabot:expires": "2026-11-24T01:30:00Z",
    }


def test_without_a_repository_the_tag_stays_and_without_a_pull_request_it_goes():
    tags = identity(repository=None, pull_request=None).tags
    assert tags["lambdabot:repository"] == "none"
    assert "lambdabot:pull-request" not in tags


def test_expiry_is_written_in_utc():
    there = EXPIRES.astimezone(timezone(timedelta(hours=9)))
    assert identity(expires=there).tags["lambdabot:expires"] == "2026-11-24T01:30:00Z"


@given(st.text(min_size=1), st.text(min_size=1, max_size=40), st.text(max_size=80), variants)
def test_names_are_valid_and_begin_with_the_run(repository, run, function, variant):
    one = identity(repository=repository, run=run)
    name = one.function_name(function, variant)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name)
    assert name.startswith(f"{one.name}-")
    assert re.match(r"lambdabot-[0-9a-f]{8}-", name)
    assert re.fullmatch(r"[\.\-_/#A-Za-z0-9]{1,512}", one.log_group)


@given(st.lists(st.tuples(st.text(max_size=30), variants), min_size=2, max_size=20, unique=True))
def test_every_function_side_architecture_and_size_has_its_own_name(pairs):
    names = {identity().function_name(function, variant) for function, variant in pairs}
    assert len(names) == len(pairs)


@given(st.lists(st.text(min_size=1, max_size=40), min_size=2, max_size=10, unique=True))
def test_no_two_runs_share_a_name(runs):
    assert len({identity(run=run).name for run in runs}) == len(runs)


def test_repositories_are_told_apart_and_hidden():
    assert identity().name != identity(repository="octo/other").name
    assert "shop" not in identity().name


def test_a_name_says_what_it_is():
    variant = Variant(side=Side.HEAD, configuration=Configuration(memory_mb=10_240, architecture=Architecture.X86_64))
    name = identity().function_name("thumbnail", variant)
    assert "thumb" in name
    assert name.endswith("-head-x86_64-10240")
