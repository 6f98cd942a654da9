"""The way to a Lambda endpoint: AWS, the embedded one, or a URL, all through the same boto3 clients."""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass
from ipaddress import ip_address
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from lambdabot import __version__
from lambdabot.aws.calls.failures import LOCAL, CallError
from lambdabot.aws.calls.in_flight import InFlight
from lambdabot.aws.calls.pace import Pace
from lambdabot.aws.calls.region import region_of
from lambdabot.aws.calls.reply import IncompleteReplyError, hold_to
from lambdabot.aws.calls.retry import AWSError, Retry, passing
from lambdabot.errors import EndpointError

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_cloudwatch.client import CloudWatchClient
    from types_boto3_lambda.client import LambdaClient
    from types_boto3_logs.client import CloudWatchLogsClient
    from types_boto3_s3.client import S3Client
    from types_boto3_sts.client import STSClient

T = TypeVar("T")

_CONNECT_SECONDS = 5
_READ_SECONDS = 20
_UPLOAD_SECONDS = 120
_REMOVE_SECONDS = 2  # short: a removal that hangs is tried again within the few seconds that a signal leaves
_COLD_SECONDS = 60  # what an invocation may take beyond the function's timeout: init, restore, network
_MOST_CONNECTIONS = 1_000  # of one client; kept open between waves, made only when needed
REQUESTS_PER_SECOND = 10  # with the burst below Lambda's 15 in any one second, and room for the account's other users
_BURST = 5
_READS_PER_SECOND = 50  # of GetFunction, half of its own quota
_NO_LAMBDA = f"Is there a Lambda endpoint at this address?\n{LOCAL}"
_SERVICE_IDS = {"logs": "CLOUDWATCH_LOGS"}  # as botocore spells them in AWS_ENDPOINT_URL_<SERVICE>
_HERE = "us-east-1"  # what a loopback endpoint is called when nobody says


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLimits:
    """Concurrent executions of the account in this Region: in all, and those that no function has reserved."""

    concurrency: int
    unreserved_concurrency: int


class Connection:
    """boto3 clients of one endpoint, each made once and when first needed; safe to use from several threads."""

    def __init__(
        self, *, session: boto3.Session, endpoint: str | None, region: str, pace: Pace | None, loopback: bool
    ) -> None:
        """Keep what the clients are made from; `connect` is the way to call this."""
        self.endpoint = endpoint
        self.region = region
        # Set at the end of the run: from then on nothing is begun, retried or waited for but removals.
        self.ending = Event()
        self.in_flight = InFlight()
        self.pace = pace  # of the control plane but GetFunction
        self.read_pace = None if pace is None else Pace(per_second=_READS_PER_SECOND, burst=_READS_PER_SECOND // 2)
        self.calls: Counter[str] = Counter()  # every request that was sent, as `lambda.CreateFunction`
        self._session = session
        self.loopback = loopback  # an address of this machine, which no proxy knows
        self._counting = Lock()
        self._lock = Lock()  # a boto3 session must not make two clients at once
        self._clients: dict[tuple[str, int], Any] = {}

    @property
    def control(self) -> LambdaClient:
        """The client for the control plane."""
        return cast("LambdaClient", self._client("lambda"))

    @property
    def remover(self) -> LambdaClient:
        """The client for removals: it waits for an answer for two seconds only."""
        return cast("LambdaClient", self._client("lambda", _REMOVE_SECONDS))

    def invoker(self, timeout_seconds: int) -> LambdaClient:
        """Return the client that invokes functions of this timeout: it waits for longer than they can run.

        An endpoint that is one machine may serve the calls of a wave one after another.
        """
        waits = timeout_seconds if self.endpoint is None else 10 * timeout_seconds
        return cast("LambdaClient", self._client("lambda", waits + _COLD_SECONDS))

    @property
    def logs(self) -> CloudWatchLogsClient:
        """The client of CloudWatch Logs."""
        return cast("CloudWatchLogsClient", self._client("logs"))

    @property
    def metrics(self) -> CloudWatchClient:
        """The client of CloudWatch."""
        return cast("CloudWatchClient", self._client("cloudwatch"))

    @property
    def objects(self) -> S3Client:
        """The client of S3, patient enough for an upload."""
        return cast("S3Client", self._client("s3", _UPLOAD_SECONDS))

    @property
    def object_remover(self) -> S3Client:
        """The client of S3 for removals."""
        return cast("S3Client", self._client("s3", _REMOVE_SECONDS))

    @property
    def identity(self) -> STSClient:
        """The client of STS."""
        return cast("STSClient", self._client("sts"))

    @property
    def control_plane_calls(self) -> int:
        """Return how many requests were sent, invocations not counted."""
        with self._counting:
            return self.calls.total() - self.calls["lambda.Invoke"]

    def call(
        self,
        operation: str,
        send: Callable[[], T],
        *,
        doing: str,
        worth: Callable[[Exception], bool] = passing,
        stop: Event | None = None,
        attempts: int = 8,
        cap_seconds: float = 5.0,
        deadline: float | None = None,
    ) -> T:
        """Return what `send` brings of an operation such as `lambda.GetFunction`: the one way to ask AWS for anything.

        It keeps to the operation's pace, and is tried again after errors that are `worth` it, as `Retry` says; `doing`
        completes "could not …". Raises CallError, or StoppedError when `stop` is set, or else the run ends.
        """
        retry = Retry(attempts=attempts, cap_seconds=cap_seconds, deadline=deadline)
        try:
            return retry.call(send, worth=worth, stop=stop or self.ending, pace=self._pace(operation))
        except AWSError as error:
            raise CallError(error, doing=doing, operation=operation) from error

    def verify(self) -> AccountLimits:
        """Ask for the account's limits: the first call of a run, so that what is wrong shows before anything is made.

        Raises EndpointError, with advice, for credentials, permissions, Region and network that do not do.
        """
        doing = f"reach Lambda at {self.endpoint}" if self.endpoint else f"reach AWS Lambda in {self.region}"
        try:
            settings = self.call(
                "lambda.GetAccountSettings",
                lambda: self.control.get_account_settings(),  # noqa: PLW0108  # what makes the client is part of the call
                doing=doing,
                attempts=4,
                deadline=time.monotonic() + 20,
            )
        except CallError as error:
            if isinstance(error.error, IncompleteReplyError):
                message = f"could not {doing}: what answers there does not speak the Lambda API"
                raise EndpointError(message, advice=_NO_LAMBDA) from error
            raise EndpointError(error.what, advice=error.advice or _NO_LAMBDA) from error
        limit = settings["AccountLimit"]
        return AccountLimits(
            concurrency=limit["ConcurrentExecutions"], unreserved_concurrency=limit["UnreservedConcurrentExecutions"]
        )

    def _pace(self, operation: str) -> Pace | None:
        """Return what Lambda's quotas allow; Invoke has none but concurrency, and other services have their own."""
        if operation == "lambda.GetFunction":
            return self.read_pace
        return self.pace if operation.startswith("lambda.") and operation != "lambda.Invoke" else None

    def _client(self, service: str, read_seconds: int = _READ_SECONDS) -> Any:  # noqa: ANN401 - one per service
        """Return a service's client, at our endpoint; one beside Lambda may have its own address in the environment."""
        key = (service, read_seconds)
        with self._lock:
            if key not in self._clients:
                name = f"AWS_ENDPOINT_URL_{_SERVICE_IDS.get(service, service).upper()}"
                own = service != "lambda" and name in os.environ
                client = self._session.client(
                    service,
                    region_name=self.region,
                    endpoint_url=None if own else self.endpoint,
                    config=self._config(read_seconds),
                )
                client.meta.events.register("before-send", self._count)
                hold_to(client.meta.events)
                self._clients[key] = client
            return self._clients[key]

    def _count(self, *, event_name: str, **_: object) -> None:
        """Count a request by the name of botocore's event, `before-send.lambda.CreateFunction`."""
        with self._counting:
            self.calls[event_name.partition(".")[2]] += 1

    def _config(self, read_seconds: int) -> Config:
        return Config(
            connect_timeout=min(_CONNECT_SECONDS, read_seconds),
            read_timeout=read_seconds,
            retries={"total_max_attempts": 1},
            max_pool_connections=_MOST_CONNECTIONS,
            tcp_keepalive=True,  # an invocation of minutes must outlive idle timeouts on the way
            proxies={} if self.loopback else None,  # no proxy knows this machine's own loopback
            user_agent_extra=f"lambdabot/{__version__}",
        )


def connect(*, endpoint: str | None, region: str | None, access_key: str | None = None) -> Connection:
    """Prepare the way to an endpoint: None is AWS, else a URL; `access_key` is what the embedded endpoint asks for.

    Credentials and Region of the environment are used as boto3 finds them, but none is ever sent to a loopback address.
    Nothing is called yet. Raises EndpointError when there is no Region, or the URL is none.
    """
    loopback = endpoint is not None and _is_loopback(endpoint)
    try:
        session = boto3.Session(
            # Made-up credentials for this machine; for everything else boto3 finds the user's own.
            aws_access_key_id=(access_key or "lambdabot") if loopback else None,
            aws_secret_access_key="local" if loopback else None,
        )
        region = region_of(region, os.environ) or session.region_name or (_HERE if loopback else None)
    except AWSError as error:
        raise CallError(error, doing="read the AWS configuration") from error
    if region is None:
        message = "no AWS Region is set"
        raise EndpointError(message, advice=f"Set it: `aws-region` of the action, or AWS_REGION.\n{LOCAL}")
    pace = None if access_key else Pace(per_second=REQUESTS_PER_SECOND, burst=_BURST)  # the embedded one has no limit
    return Connection(session=session, endpoint=endpoint, region=region, pace=pace, loopback=loopback)


def _is_loopback(endpoint: str) -> bool:
    """Say whether a URL names this machine; raise EndpointError when it is no HTTP URL."""
    try:
        parts = urlsplit(endpoint)
        host = parts.hostname or ""
        well_formed = parts.scheme in {"http", "https"} and host != "" and parts.port != 0
    except ValueError:
        well_formed = False
    if not well_formed:
        message = f"{endpoint!r} is not the URL of a Lambda endpoint"
        raise EndpointError(message, advice=f"Write it as http://127.0.0.1:4566, or leave it out for AWS.\n{LOCAL}")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
