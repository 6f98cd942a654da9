import pytest

from lambdabot.local.api_error import ApiError
from lambdabot.local.function import Alias
from lambdabot.local.names import FunctionName
from lambdabot.local.registry import Registry

SETTINGS = {
    "MemorySize": 128,
    "Timeout": 3,
    "Description": "",
    "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"},
}
F = FunctionName(name="f", qualifier=None)


def of(qualifier: str) -> FunctionName:
    return FunctionName(name="f", qualifier=qualifier)


def create(registry: Registry, code) -> None:
    registry.create("f", code=code, settings=SETTINGS, architecture="x86_64", tags={})


def change(registry: Registry, **settings):
    return registry.update(F, revision_id=None, settings=lambda current: {**current, **settings})


def code_of(call) -> str:
    with pytest.raises(ApiError) as error:
        call()
    return error.value.code


@pytest.fixture
def active(registry, code, clock) -> Registry:
    create(registry, code)
    clock.now += 2
    return registry


def test_a_new_function_is_pending_then_active(registry, code, clock):
    create(registry, code)
    assert registry.version(F).document(clock(), arn="a")["State"] == "Pending"
    with pytest.raises(ApiError, match="currently in the following state: Pending") as error:
        registry.serving(F)
    assert error.value.code == "ResourceConflictException"
    assert code_of(lambda: change(registry, MemorySize=256)) == "ResourceConflictException"
    assert code_of(lambda: registry.publish(F)) == "ResourceConflictException"
    clock.now += 2
    document = registry.serving(F).document(clock(), arn="a")
    assert (document["State"], document["LastUpdateStatus"]) == ("Active", "Successful")


def test_a_name_is_taken_once(active, code):
    with pytest.raises(ApiError, match="Function already exist: f") as error:
        create(active, code)
    assert error.value.code == "ResourceConflictException"


def test_the_old_configuration_serves_until_the_update_is_through(active, clock, retired):
    old = active.serving(F)
    new = change(active, MemorySize=256)
    assert active.version(F) is new
    assert new.document(clock(), arn="a")["LastUpdateStatus"] == "InProgress"
    assert active.serving(F) is old
    with pytest.raises(ApiError, match="An update is in progress for resource"):
        change(active, MemorySize=512)
    assert retired == []
    clock.now += 2
    assert active.serving(F) is new
    assert retired == [old]


def test_a_revision_guards_against_concurrent_edits(active):
    revision = active.version(F).revision_id
    with pytest.raises(ApiError) as error:
        active.update(F, revision_id="other")
    assert error.value.code == "PreconditionFailedException"
    assert active.update(F, revision_id=revision).revision_id != revision


def test_a_version_is_frozen_and_numbered(active, clock):
    first = active.publish(F, description="first")
    assert (first.version, first.settings["Description"]) == ("1", "first")
    assert code_of(lambda: active.serving(of("1"))) == "ResourceConflictException"
    clock.now += 2
    change(active, MemorySize=256)
    clock.now += 2
    second = active.publish(F)
    assert second.version == "2"
    clock.now += 2
    assert active.serving(of("1")).memory_mb == 128
    assert active.serving(of("2")).memory_mb == 256


def test_nothing_new_gives_the_last_version_again(active, clock):
    first = active.publish(F)
    assert active.publish(F, description="ignored") is first
    change(active, Description="changed")
    clock.now += 2
    assert active.publish(F).version == "2"
    change(active, Description="")
    clock.now += 2
    assert active.publish(F).version == "3"


def test_a_number_is_never_given_twice(active, clock, code):
    active.publish(F)
    active.remove(of("1"))
    assert active.publish(F).version == "2"
    active.remove(F)
    create(active, code)
    clock.now += 2
    assert active.publish(F).version == "3"


def test_publishing_checks_what_the_caller_believes(active):
    with pytest.raises(ApiError, match="is different from current CodeSHA256 in \\$LATEST"):
        active.publish(F, code_sha256="other")
    assert code_of(lambda: active.publish(F, revision_id="other")) == "PreconditionFailedException"
    assert active.publish(F, code_sha256=active.version(F).code.sha256).version == "1"


def test_removal_takes_everything(active, retired, clock):
    version = active.publish(F)
    old = active.version(F)
    new = change(active, MemorySize=256)
    active.remove(F)
    assert retired == [new, version, old]
    assert not active.exists("f")
    with pytest.raises(ApiError, match="Function not found: arn:aws:lambda:eu-west-1:123456789012:function:f:1"):
        active.version(of("1"))


def test_one_version_is_removed_unless_it_is_needed(active, retired):
    version = active.publish(F)
    function = active.function(F)
    function.aliases["live"] = Alias(name="live", arn="", version="1", description="", weights={}, revision_id="")
    with pytest.raises(ApiError, match=r"in use by these aliases: .*:live") as error:
        active.remove(of("1"))
    assert error.value.code == "ResourceConflictException"
    assert code_of(lambda: active.remove(of("live"))) == "InvalidParameterValueException"
    assert code_of(lambda: active.remove(of("$LATEST"))) == "InvalidParameterValueException"
    assert code_of(lambda: active.remove(of("7"))) == "ResourceNotFoundException"
    function.aliases.clear()
    active.remove(of("1"))
    assert retired == [version]
    assert active.exists("f")


def test_a_weighted_alias_shares_the_traffic(active, clock):
    active.publish(F)
    change(active, MemorySize=256)
    clock.now += 2
    active.publish(F)
    clock.now += 2
    alias = Alias(name="live", arn="", version="1", description="", weights={"2": 0.25}, revision_id="")
    active.function(F).aliases["live"] = alias
    served = [active.serving(of("live")).version for _ in range(400)]
    assert 60 < served.count("2") < 140
    assert served.count("1") + served.count("2") == 400
    assert active.version(of("live")).version == "1"
    assert active.alias(F, "live") is alias
    assert code_of(lambda: active.alias(F, "none")) == "ResourceNotFoundException"


def test_reservations_are_listed_by_name(active):
    assert active.reservations() == {}
    active.function(F).reserved_concurrency = 0
    assert active.reservations() == {"f": 0}
