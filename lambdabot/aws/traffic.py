"""How often an existing function is invoked: CloudWatch's own count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lambdabot.aws.failures import explain
from lambdabot.aws.retry import AWSError, Retry, passing
from lambdabot.errors import DeploymentError

if TYPE_CHECKING:
    from types_boto3_cloudwatch.type_defs import DimensionTypeDef

    from lambdabot.aws.connection import Connection
    from lambdabot.aws.existing import Existing

DAYS = 30
SOURCE = f"CloudWatch, the last {DAYS} days"
_DAY_SECONDS = 86_400


def monthly_invocations(connection: Connection, existing: Existing, *, now: datetime | None = None) -> int:
    """Return the sum of the metric `Invocations` over 30 days, of the alias where `like` names one.

    A function that was never invoked has no data points: 0. Raises DeploymentError, with advice, when CloudWatch
    cannot be asked. Source: AWS Lambda Developer Guide, "Types of metrics for Lambda functions".
    """
    end = (now or datetime.now(UTC)).replace(minute=0, second=0, microsecond=0)
    name = str(existing.configuration["FunctionName"])
    dimensions: list[DimensionTypeDef] = [{"Name": "FunctionName", "Value": name}]
    if existing.alias is not None:
        dimensions.append({"Name": "Resource", "Value": f"{name}:{existing.alias}"})
    try:
        answer = Retry(attempts=4).call(
            lambda: connection.metrics.get_metric_statistics(
                Namespace="AWS/Lambda",
                MetricName="Invocations",
                Dimensions=dimensions,
                StartTime=end - timedelta(days=DAYS),
                EndTime=end,
                Period=_DAY_SECONDS,
                Statistics=["Sum"],
            ),
            worth=passing,
            stop=connection.ending,
            pace=None,  # CloudWatch has quotas of its own
        )
    except AWSError as error:
        failure = explain(error, doing=f"read the traffic of {existing.like}")
        raise DeploymentError(failure.what, advice=failure.advice) from error
    return round(sum(point["Sum"] for point in answer["Datapoints"]))
