"""How often an existing function is invoked, and how often cold: CloudWatch's count, and the function's own log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lambdabot.aws.calls.failures import CallError
from lambdabot.aws.invoking.report_line import parse_report

if TYPE_CHECKING:
    from types_boto3_cloudwatch.type_defs import DimensionTypeDef
    from types_boto3_logs.type_defs import FilterLogEventsRequestTypeDef

    from lambdabot.aws.calls.connection import Connection
    from lambdabot.aws.existing import Existing

DAYS = 30
SOURCE = f"CloudWatch, the last {DAYS} days"
_DAY_SECONDS = 86_400
_PAGES = 3  # of at most 10,000 lines or 1 MB each
_FEW = 100  # invocations, of which no share is taken
_EITHER_FORM = '?"REPORT RequestId" ?"platform.report"'  # of a REPORT: text and JSON


def monthly_invocations(connection: Connection, existing: Existing, *, now: datetime | None = None) -> int:
    """Return the sum of the metric `Invocations` over 30 days, of the alias where `like` names one.

    A function that was never invoked has no data points: 0. Raises CallError when CloudWatch cannot be asked. Source:
    AWS Lambda Developer Guide, "Types of metrics for Lambda functions".
    """
    end = (now or datetime.now(UTC)).replace(minute=0, second=0, microsecond=0)
    name = str(existing.configuration["FunctionName"])
    dimensions: list[DimensionTypeDef] = [{"Name": "FunctionName", "Value": name}]
    if existing.alias is not None:
        dimensions.append({"Name": "Resource", "Value": f"{name}:{existing.alias}"})
    answer = connection.call(
        "cloudwatch.GetMetricStatistics",
        lambda: connection.metrics.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName="Invocations",
            Dimensions=dimensions,
            StartTime=end - timedelta(days=DAYS),
            EndTime=end,
            Period=_DAY_SECONDS,
            Statistics=["Sum"],
        ),
        doing=f"read the traffic of {existing.like}",
        attempts=4,
    )
    return round(sum(point["Sum"] for point in answer["Datapoints"]))


def log_group(existing: Existing) -> str:
    """Return where an existing function logs."""
    own = existing.configuration.get("LoggingConfig", {}).get("LogGroup")
    return str(own or f"/aws/lambda/{existing.configuration['FunctionName']}")


def cold_start_share(connection: Connection, existing: Existing, *, now: datetime | None = None) -> float | None:
    """Return the share of invocations that started cold, in the first REPORT lines of the last day.

    Three calls at most, and no more is read of the log. None when there are fewer than a hundred lines, or the log may
    not be read: then a share is assumed.
    """
    request: FilterLogEventsRequestTypeDef = {
        "logGroupName": log_group(existing),
        "filterPattern": _EITHER_FORM,
        "startTime": int(((now or datetime.now(UTC)) - timedelta(days=1)).timestamp() * 1000),
    }
    cold: list[bool] = []
    try:
        for _ in range(_PAGES):
            page = connection.call(
                "logs.FilterLogEvents",
                lambda: connection.logs.filter_log_events(**request),
                doing=f"read the log of {existing.like}",
                attempts=2,
            )
            reports = (parse_report(event.get("message", "")) for event in page["events"])
            cold += [one.init_ms is not None or one.restore_ms is not None for one in reports if one is not None]
            if "nextToken" not in page:
                break
            request["nextToken"] = page["nextToken"]
    except CallError:
        return None
    return sum(cold) / len(cold) if len(cold) >= _FEW else None
