import json

import pytest

from lambdabot.aws.invoking.answer import failed_answer
from lambdabot.aws.invoking.outcome import Failed, judge, read_failure
from lambdabot.aws.invoking.report_line import parse_report
from lambdabot.model import AnswerRule, Architecture, Configuration, Invocation, Outcome, Side, Variant

TRACEBACK = 'Traceback (most recent call last):\n  File "/var/task/app.py", line 3, in handler\n    raise Stop\n'


def test_two_failures_of_one_kind_read_alike():
    message = "RequestId: 790441b2-302f-4e50-8f11-015e7cac5f42 Error: Runtime exited with error: exit status 3"

    failed = read_failure(f'{{"errorType": "Runtime.ExitError", "errorMessage": "{message}"}}'.encode())

    assert str(failed) == "Runtime.ExitError: Runtime exited with error: exit status 3"


@pytest.mark.parametrize(
    ("frames", "place"),
    [
        (['  File "/var/task/app.py", line 3, in handler\n    work()\n'], " (app.py, line 3)"),
        (
            [
                '  File "/var/task/shop/db.py", line 9, in <module>\n',
                '  File "<frozen os>", line 685, in __getitem__\n',
            ],
            " (shop/db.py, line 9)",
        ),
        (['  File "/var/lang/lib/python3.13/json/decoder.py", line 1, in decode\n'], ""),
        (["Handler.handle(Handler.java:3)", 7], ""),
        ("app.py", ""),
    ],
)
def test_a_failure_says_where_in_the_function_it_was_raised(frames, place):
    payload = {"errorType": "KeyError", "errorMessage": "'Records'", "stackTrace": frames}

    assert str(read_failure(json.dumps(payload).encode())) == f"KeyError: 'Records'{place}"


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        (f"START\n{TRACEBACK}app.Stop: enough\nRequestId: 1 Error: Runtime exited\nEND\n", " (app.Stop: enough)"),
        (f"{TRACEBACK}KeyError: 1\n\nDuring the handling\n\n{TRACEBACK}SystemError: 2\nEND\n", " (SystemError: 2)"),
        ("START\nbye\nEND\n", ""),
        ("Traceback (most recent call last):", ""),
    ],
)
def test_a_runtime_that_ended_says_which_exception_ended_it(log, cause):
    failed = read_failure(b'{"errorType": "Runtime.ExitError", "errorMessage": "exit status 1"}', log)

    assert str(failed) == f"Runtime.ExitError: exit status 1{cause}"


def judged(failed, report=""):
    blank = Invocation(
        variant=Variant(side=Side.HEAD, configuration=Configuration(memory_mb=128, architecture=Architecture.X86_64)),
        payload="one",
        round=1,
        wave=1,
        environment="",
        environment_known=False,
        cold=False,
        outcome=Outcome.DISCARDED,
        duration_ms=None,
        billed_ms=None,
        max_memory_used_mb=None,
        at_seconds=0.0,
    )
    line = "REPORT RequestId: 1\tDuration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 9 MB\t"
    return judge(blank, failed, parse_report(line + report))


def test_a_failing_answer_is_an_outcome_of_its_own_and_has_its_figures():
    found = judged(failed_answer(b'{"statusCode": 500}', AnswerRule()))

    assert (found.outcome, found.reason, found.error_type) == (Outcome.FAILING_ANSWER, "HTTP 500", "HTTP 500")
    assert (found.failed, found.billed_ms) == (True, 1)


def test_an_exception_that_is_meant_is_as_good_as_any_answer():
    rule = AnswerRule(allowed_errors=frozenset({"NotFound"}))
    payload = b'{"errorType": "NotFound", "errorMessage": "no item 7"}'

    found = judged(read_failure(payload, "", rule), "Status: error\tError Type: NotFound")
    assert (found.outcome, found.reason, found.error_type, found.failed) == (Outcome.OK, "", "", False)
    assert judged(read_failure(payload), "Status: error").outcome is Outcome.ERROR


def test_a_timeout_is_one_whatever_the_answer_was():
    failed = failed_answer(b'{"statusCode": 500}', AnswerRule())

    assert judged(failed, "Status: timeout").outcome is Outcome.TIMEOUT


@pytest.mark.parametrize(
    ("failed", "survived"),
    [
        (failed_answer(b'{"statusCode": 500}', AnswerRule()), True),
        (Failed(error_type="KeyError", message="1", place="app.py, line 3"), True),
        (Failed(error_type="TypeError", message="1"), False),  # Node.js, whose runtime may have ended
        (Failed(error_type="Runtime.ExitError", message="1", place="KeyError: 1"), False),
    ],
)
def test_an_environment_goes_on_after_an_answer_and_after_an_exception_of_python(failed, survived):
    assert judged(failed).survived is survived
