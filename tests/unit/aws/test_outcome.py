from lambdabot.aws.outcome import read_failure


def test_two_failures_of_one_kind_read_alike():
    message = "RequestId: 790441b2-302f-4e50-8f11-015e7cac5f42 Error: Runtime exited with error: exit status 3"

    failed = read_failure(f'{{"errorType": "Runtime.ExitError", "errorMessage": "{message}"}}'.encode())

    assert str(failed) == "Runtime.ExitError: Runtime exited with error: exit status 3"
