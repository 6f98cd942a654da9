import threading
from dataclasses import replace
from io import FileIO

import pytest

from lambdabot.aws.copies.deployments import Deployments, NotDeployed
from lambdabot.aws.copies.journal import Journal
from lambdabot.errors import InterruptionError
from lambdabot.model import Architecture, Deployment, Side

CAP = (
    "1 validation error detected: Value '10240' at 'memorySize' failed to satisfy constraint: "
    "Member must have value less than or equal to 3008"
)
ROLE = "The role defined for the function cannot be assumed by Lambda."
IN_PROGRESS = "The operation cannot be performed at this time. An update is in progress for resource: arn"


@pytest.fixture
def deployments(connection, identity) -> Deployments:
    return Deployments(connection, identity)


def only(made):
    (result,) = made.values()
    return result


def clean(fake) -> bool:
    return not fake.functions and not fake.log_groups


def test_every_variant_becomes_a_function_of_its_own_and_is_removed(fake, deployments, identity, make_copy):
    copies = [
        make_copy(memory, side=side, architecture=architecture)
        for memory in (128, 512)
        for architecture in Architecture
        for side in Side
    ]
    with deployments:
        made = deployments.create(copies)
        assert all(isinstance(result, Deployment) for result in made.values())
        assert list(made) == [copy.variant for copy in copies]
        assert len(fake.functions) == len(copies) == deployments.created
        for variant, deployment in made.items():
            function = fake.functions[deployment.function_name]
            assert function["MemorySize"] == variant.configuration.memory_mb
            assert function["Architectures"] == [variant.configuration.architecture]
            assert function["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": deployments.log_group}
            assert function["Environment"]["Variables"]["STAGE"] == "test"
            assert deployment.arn.endswith(f":function:{deployment.function_name}:$LATEST")
            assert fake.tags[deployment.function_name] == identity.tags
        assert fake.log_groups == {deployments.log_group: identity.tags}
    assert clean(fake)
    assert (deployments.created, deployments.removed, deployments.left, deployments.notes) == (8, 8, (), ())
    operations = [operation for operation, _ in fake.calls]
    assert operations[0] == "CreateLogGroup"
    assert operations[-1] == "DeleteLogGroup"
    assert "GetFunction" not in operations  # CreateFunction's own answer said Active
    writes = [name for operation, name in fake.calls if operation in {"CreateFunction", "DeleteFunction"}]
    assert all(name.startswith(f"{identity.name}-") for name in writes)


def test_nothing_deployed_leaves_nothing_to_remove(fake, deployments):
    with deployments:
        pass
    assert fake.calls == []


def test_an_image_is_deployed_without_runtime_and_handler(fake, deployments, make_copy):
    with deployments:
        deployment = only(deployments.create([make_copy(image_uri="1.dkr.ecr.us-east-1.amazonaws.com/shop:1")]))
        function = fake.functions[deployment.function_name]
    assert function["PackageType"] == "Image"
    assert "Runtime" not in function
    assert "Handler" not in function


def test_large_packages_are_uploaded_one_after_another(fake, deployments, make_copy):
    copies = [make_copy(memory, zip_bytes=50_000_000) for memory in (128, 256, 512)]
    with deployments:
        assert all(isinstance(result, Deployment) for result in deployments.create(copies).values())
    assert clean(fake)


def test_waits_until_active(fake, deployments, make_copy):
    fake.polls_until_ready = 2
    fake.fail("GetFunction", status=404, code="ResourceNotFoundException", message="not there yet")
    with deployments:
        assert isinstance(only(deployments.create([make_copy()])), Deployment)
    assert fake.count("GetFunction") == 3


def test_does_not_wait_for_ever(fake, deployments, make_copy, monkeypatch):
    monkeypatch.setattr("lambdabot.aws.copies.deployments._READY_SECONDS", 0.0)
    fake.polls_until_ready = 1_000_000
    with deployments:
        result = only(deployments.create([make_copy()]))
    assert "still Pending, Successful after 0 s" in result.reason
    assert clean(fake)


def test_a_failed_function_says_why_and_is_removed(fake, deployments, make_copy):
    fake.failed_state = ("ImageAccessDenied", "Lambda does not have permission to access the ECR image.")
    with deployments:
        result = only(deployments.create([make_copy()]))
    assert "Lambda does not have permission to access the ECR image. (ImageAccessDenied)" in result.reason
    assert "ecr:BatchGetImage" in result.advice
    assert clean(fake)


def test_one_size_that_fails_costs_no_other(fake, deployments, make_copy):
    fake.fail("CreateFunction", name="-10240", status=400, code="ValidationException", message=CAP)
    with deployments:
        made = deployments.create([make_copy(10_240), make_copy(128)])
        failed, live = made.values()
    assert isinstance(failed, NotDeployed)
    assert "10240 MB x86_64: this account's functions are capped at 3,008 MB" in failed.reason
    assert isinstance(live, Deployment)
    assert (deployments.created, deployments.removed) == (1, 1)


def test_the_accounts_memory_cap_is_met_by_one_call(fake, deployments, make_copy):
    sizes = (128, 3008, 5308, 7077, 10_240)
    for size in sizes[2:]:
        fake.fail("CreateFunction", name=f"-{size}", status=400, code="ValidationException", message=CAP)
    with deployments:
        made = deployments.create([make_copy(size, architecture=one) for size in sizes for one in Architecture])
        assert deployments.memory_cap_mb == 3008
        again = deployments.create([make_copy(4096)])
    assert fake.count("CreateFunction") == 5  # four that may be, and one that tells
    failed = [one for one in (*made.values(), *again.values()) if isinstance(one, NotDeployed)]
    assert len(failed) == 7
    (advice,) = {one.advice for one in failed}
    assert advice.startswith("This account's functions are capped at 3,008 MB: larger sizes are left out.")
    assert clean(fake)


def test_where_there_is_no_cap_large_sizes_follow_the_first(fake, deployments, make_copy):
    with deployments:
        made = deployments.create([make_copy(size) for size in (5308, 7077, 10_240)])
        assert all(isinstance(one, Deployment) for one in made.values())
    assert deployments.memory_cap_mb is None


def test_nothing_is_created_that_cannot_be_written_down(fake, connection, identity, make_copy, tmp_path):
    journal = Journal.begin(tmp_path, identity, endpoint=None, region="us-east-1")
    journal._file.close()
    journal._file = FileIO("/dev/full", "w")
    deployments = Deployments(connection, identity, journal)
    with deployments:
        result = only(deployments.create([make_copy()]))
    assert "No space left on device (journal)" in result.reason
    assert fake.calls == []
    assert clean(fake)


PASSING = [
    {"status": 429, "code": "TooManyRequestsException", "message": "Rate exceeded"},
    {"status": 500, "code": "ServiceException", "message": "internal"},
    {"status": 400, "code": "InvalidParameterValueException", "message": ROLE},
    {"reset": "before"},
    {"reset": "after"},
    {"half": True},
]


@pytest.mark.parametrize("how", PASSING, ids=["throttled", "5xx", "role", "reset before", "reset after", "half"])
def test_what_passes_is_tried_again(fake, deployments, make_copy, how):
    for _ in range(3):
        fake.fail("CreateFunction", **how)
    with deployments:
        assert isinstance(only(deployments.create([make_copy()])), Deployment)
        assert (fake.count("CreateFunction"), len(fake.functions), deployments.created) == (4, 1, 1)
    assert clean(fake)
    assert deployments.left == ()


@pytest.mark.parametrize("kept", [0.5, 0.0])
def test_a_copy_is_known_by_its_name_where_no_answer_is_whole(fake, deployments, make_copy, kept):
    for _ in range(2):
        fake.fail("CreateFunction", kept=kept)  # the first made it, the second is a 409 without words
    with deployments:
        assert isinstance(only(deployments.create([make_copy()])), Deployment)
        assert (fake.count("CreateFunction"), len(fake.functions), deployments.created) == (2, 1, 1)
    assert clean(fake)
    assert deployments.left == ()


def test_a_role_that_stays_unusable_ends_in_words(fake, deployments, make_copy):
    for _ in range(20):
        fake.fail("CreateFunction", status=400, code="InvalidParameterValueException", message=ROLE)
    with deployments:
        result = only(deployments.create([make_copy()]))
    assert fake.count("CreateFunction") == 10
    assert ROLE in result.reason
    assert "sts:AssumeRole" in result.advice


def test_a_copy_whose_creation_was_never_answered_is_removed(fake, deployments, make_copy):
    for _ in range(10):
        fake.fail("CreateFunction", reset="after")
    with deployments:
        result = only(deployments.create([make_copy()]))
        assert isinstance(result, NotDeployed)
        assert len(fake.functions) == 1
    assert clean(fake)
    assert (deployments.created, deployments.left) == (0, ())


def test_a_creation_that_never_took_effect_is_looked_for_and_forgotten(fake, deployments, make_copy):
    for _ in range(10):
        fake.fail("CreateFunction", reset="before")
    with deployments:
        deployments.create([make_copy()])
    assert fake.count("DeleteFunction") == 4
    assert deployments.left == ()


def test_a_function_of_that_name_that_is_not_ours_is_left_alone(fake, deployments, identity, make_copy):
    copy = make_copy()
    name = identity.function_name("thumbnail", copy.variant)
    fake.functions[name] = {"FunctionArn": "another's"}
    with deployments:
        assert isinstance(only(deployments.create([copy])), NotDeployed)
    assert name in fake.functions
    assert "DeleteFunction" not in [operation for operation, _ in fake.calls]


def test_a_role_is_needed_on_aws_and_only_there(fake, connection, deployments, make_copy):
    with deployments:
        assert isinstance(only(deployments.create([make_copy(role=None)])), Deployment)
        assert connection.control
        connection.endpoint = None  # as on AWS; the clients stay those of the fake
        result = only(deployments.create([make_copy(256, role=None)]))
    assert "no execution role" in result.reason
    assert "`role`" in result.advice


def test_without_permission_for_logs_it_goes_on_with_a_note(fake, deployments, make_copy):
    words = "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: logs:CreateLogGroup on resource: *"
    fake.fail("CreateLogGroup", status=400, code="AccessDeniedException", message=words)
    with deployments:
        assert isinstance(only(deployments.create([make_copy()])), Deployment)
    (note,) = deployments.notes
    assert "logs:CreateLogGroup is not allowed" in note
    assert deployments.log_group in note
    assert '"Action": "logs:CreateLogGroup"' in note
    assert deployments.left == ()


def test_a_log_group_that_lambda_makes_itself_is_removed_too(fake, deployments, make_copy):
    fake.fail("CreateLogGroup", status=400, code="AccessDeniedException", message="no")
    with deployments:
        deployments.create([make_copy()])
        fake.log_groups[deployments.log_group] = {}
    assert clean(fake)
    assert deployments.left == ()


def test_a_log_group_of_somebody_elses_is_left_alone(fake, deployments, make_copy):
    fake.log_groups[deployments.log_group] = {}
    with deployments:
        deployments.create([make_copy()])
    assert fake.log_groups == {deployments.log_group: {}}


def test_the_log_group_is_made_once(fake, deployments, make_copy):
    with deployments:
        deployments.create([make_copy(128)])
        deployments.create([make_copy(256)])
    assert fake.count("CreateLogGroup") == 1


def test_the_same_copy_is_not_made_twice(deployments, make_copy):
    with deployments:
        deployments.create([make_copy()])
        with pytest.raises(ValueError, match="in the ledger already"):
            deployments.create([make_copy()])


def test_a_refresh_changes_the_environment_variables_only(fake, deployments, make_copy):
    with deployments:
        deployment = only(deployments.create([make_copy()]))
        before = fake.functions[deployment.function_name]["Environment"]["Variables"]
        fake.fail("UpdateFunctionConfiguration", status=409, code="ResourceConflictException", message=IN_PROGRESS)
        assert deployments.refresh(deployment) == {deployment.variant: deployment}
        after = fake.functions[deployment.function_name]["Environment"]["Variables"]
    assert before != after
    assert before.keys() == after.keys()
    assert after["STAGE"] == "test"
    assert set(fake.bodies[-2]) - {"FunctionName"} in ({"Environment"}, set())


@pytest.mark.parametrize("kept", [0.5, 0.0])
@pytest.mark.parametrize("operation", ["GetFunction", "UpdateFunctionConfiguration", "PublishVersion"])
def test_a_reply_that_is_not_whole_is_asked_for_again(fake, deployments, make_copy, operation, kept):
    copy = make_copy()
    fake.polls_until_ready = 1
    with deployments:
        deployment = only(deployments.create([replace(copy, function=copy.function.changed(snap_start=True))]))
        for _ in range(2):
            fake.fail(operation, kept=kept)
        fake._polls.clear()
        assert isinstance(only(deployments.refresh(deployment)), Deployment)
        assert fake.faults == []
    assert clean(fake)


def test_replies_that_are_never_whole_are_told_in_a_sentence(fake, deployments, make_copy):
    fake.polls_until_ready = 1
    for _ in range(8):
        fake.fail("GetFunction", kept=0.5)
    with deployments:
        result = only(deployments.create([make_copy()]))
    assert result.reason == (
        "could not deploy thumbnail (head) at 128 MB x86_64: the answer was cut off on its way "
        "(the reply of GetFunction lacks Configuration)"
    )
    assert result.advice == "A fault of AWS or of the network: run again later."
    assert clean(fake)


def test_a_refresh_that_fails_is_told_per_variant(fake, deployments, make_copy):
    with deployments:
        good, bad = deployments.create([make_copy(128), make_copy(256)]).values()
        fake.fail("UpdateFunctionConfiguration", name="-256", status=403, code="AccessDeniedException", message="no")
        failed = deployments.refresh(good, bad)
    assert failed[good.variant] == good
    assert "access denied" in failed[bad.variant].reason


def test_a_refresh_that_ends_in_a_failed_state_is_told(fake, deployments, make_copy):
    with deployments:
        deployment = only(deployments.create([make_copy()]))
        fake.failed_state = ("KMSKeyAccessDenied", "no")
        failed = deployments.refresh(deployment)
    assert "KMSKeyAccessDenied" in failed[deployment.variant].reason


REMOVALS = [
    {"status": 409, "code": "ResourceConflictException", "message": IN_PROGRESS},
    {"status": 429, "code": "TooManyRequestsException", "message": "Rate exceeded"},
    {"status": 503, "code": "ServiceException", "message": "busy"},
    {"reset": "before"},
    {"reset": "after"},
]


@pytest.mark.parametrize("how", REMOVALS, ids=["conflict", "throttled", "5xx", "reset before", "reset after"])
def test_a_removal_is_tried_again(fake, deployments, make_copy, how):
    with deployments:
        deployments.create([make_copy(memory) for memory in (128, 256, 512)])
        for _ in range(4):
            fake.fail("DeleteFunction", name="-256", **how)
    assert clean(fake)
    assert (deployments.removed, deployments.left, deployments.notes) == (3, (), ())


def test_a_removal_that_hangs_is_tried_again(fake, deployments, make_copy, monkeypatch):
    monkeypatch.setattr("lambdabot.aws.calls.connection._REMOVE_SECONDS", 0.2)
    with deployments:
        deployments.create([make_copy()])
        fake.fail("DeleteFunction", hang=True)
    assert clean(fake)
    assert deployments.left == ()


def test_what_cannot_be_removed_is_named(fake, deployments, make_copy):
    with deployments:
        deployment, _ = deployments.create([make_copy(128), make_copy(256)]).values()
        words = f"User: ci is not authorized to perform: lambda:DeleteFunction on resource: {deployment.arn}"
        fake.fail("DeleteFunction", name="-128", status=403, code="AccessDeniedException", message=words)
    assert deployments.left == (f"function {deployment.function_name}",)
    assert (deployments.created, deployments.removed) == (2, 1)
    assert "lambda:DeleteFunction is not allowed" in deployments.left_because
    assert "Add to the policy of the role" in deployments.left_because
    assert "123456789012" not in deployments.left_because
    deployments.remove()
    assert (deployments.left, deployments.left_because) == ((), "")


def test_a_copy_that_is_gone_already_counts_as_removed(fake, deployments, make_copy):
    with deployments:
        deployments.create([make_copy()])
        fake.functions.clear()
    assert deployments.left == ()


def test_time_that_runs_out_leaves_names(fake, deployments, make_copy, monkeypatch):
    monkeypatch.setattr("lambdabot.aws.copies.deployments._CALM_SECONDS", 0.3)
    with deployments:
        deployment = only(deployments.create([make_copy()]))
        fake.fail("DeleteFunction", hang=True)
    assert f"function {deployment.function_name}" in deployments.left


def test_a_signal_while_creating_leaves_nothing(fake, deployments, make_copy, interrupt):
    fake.fail("CreateFunction", name="-256", hang=True)
    # The answer to the one under way comes after the removal began.
    interrupt(lambda: fake.count("CreateFunction") == 3, fake.released.set)
    with pytest.raises(InterruptionError), deployments:
        deployments.create([make_copy(memory) for memory in (128, 256, 512)])
    assert clean(fake)
    assert deployments.left == ()


def test_a_signal_while_removing_waits_for_the_removal(fake, deployments, make_copy, interrupt):
    deployments.create([make_copy(memory) for memory in (128, 256, 512)])
    fake.fail("DeleteFunction", name="-256", hang=True)
    interrupt(lambda: fake.count("DeleteFunction") == 3, fake.released.set)
    with pytest.raises(InterruptionError):
        deployments.remove()
    assert clean(fake)
    assert deployments.left == ()


def test_nothing_is_created_once_the_run_ends(fake, deployments, make_copy):
    with deployments:
        deployments.create([make_copy(128)])
    assert "the run was interrupted" in only(deployments.create([make_copy(256)])).reason
    assert clean(fake)


def test_a_refresh_after_the_end_is_refused(deployments, make_copy):
    with deployments:
        deployment = only(deployments.create([make_copy()]))
    failed = deployments.refresh(deployment)
    assert "the run was interrupted" in failed[deployment.variant].reason


def test_the_log_group_outlives_the_invocations_under_way(fake, connection, deployments, make_copy):
    with deployments:
        deployments.create([make_copy()])
        entered, released = threading.Event(), threading.Event()

        def invocation() -> None:
            with connection.in_flight.slot(threading.Event()):
                entered.set()
                released.wait(10)
                assert fake.log_groups

        thread = threading.Thread(target=invocation)
        thread.start()
        entered.wait(10)
        threading.Timer(0.2, released.set).start()
    thread.join()
    assert clean(fake)
    assert deployments.notes == ()


def test_an_invocation_that_does_not_end_is_not_waited_for(fake, connection, deployments, make_copy, monkeypatch):
    monkeypatch.setattr("lambdabot.aws.copies.deployments._CALM_SECONDS", 1.6)
    with connection.in_flight.slot(threading.Event()), deployments:
        deployments.create([make_copy()])
    assert clean(fake)
    assert deployments.notes == ("Invocations were still running at the end: Lambda may make their log group anew.",)


def test_snap_start_runs_published_versions_and_another_one_after_a_refresh(fake, deployments, make_copy):
    copy = make_copy()
    copy = replace(copy, function=copy.function.changed(snap_start=True))
    with deployments:
        first = only(deployments.create([copy]))
        fake.fail("PublishVersion", status=409, code="ResourceConflictException", message=IN_PROGRESS)
        second = only(deployments.refresh(first))
        created = fake.functions[first.function_name]
    assert created["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    assert [one.arn.rpartition(":")[2] for one in (first, second)] == ["1", "2"]
    assert second.arn.removesuffix(":2") == first.arn.removesuffix(":1") == created["FunctionArn"]
    assert clean(fake)


def test_a_lost_answer_does_not_make_snap_start_run_the_latest_code(fake, deployments, make_copy):
    copy = make_copy()
    fake.fail("CreateFunction", reset="after")
    with deployments:
        made = only(deployments.create([replace(copy, function=copy.function.changed(snap_start=True))]))
    assert made.arn.endswith(":1")


def test_a_snapshot_that_fails_says_why(fake, deployments, make_copy):
    copy = make_copy()
    fake.failed_state = ("FunctionError.InitError", "the snapshot could not be made")
    with deployments:
        result = only(deployments.create([replace(copy, function=copy.function.changed(snap_start=True))]))
    assert "the snapshot could not be made" in result.reason
