from hypothesis import given
from hypothesis import strategies as st

from lambdabot.redaction import redact

digits = st.text("0123456789", min_size=12, max_size=12)


@given(digits)
def test_account_ids_are_hidden_where_they_stand(account):
    text = (
        f"arn:aws:iam::{account}:role/x arn:aws-cn:lambda:cn-north-1:{account}:function:y "
        f"{account}.dkr.ecr.us-east-1.amazonaws.com/z account {account} Account ID: {account}"
    )
    assert account not in redact(text)


def test_access_keys_are_hidden():
    assert redact("key AKIAIOSFODNN7EXAMPLE used") == "key AKIA**** used"
    assert redact("ASIAIOSFODNN7EXAMPLE") == "ASIA****"


def test_other_numbers_stay():
    text = "run 123456789012 took 1234567890123 ns, lambdabot-1a2b3c4d-123456789012-1"
    assert redact(text) == text
