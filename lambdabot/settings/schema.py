"""What lambdabot.yml may say: the one definition behind its validation, its JSON schema and its documentation."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticKnownError

from lambdabot.model import Architecture, Each, Strategy
from lambdabot.settings.forms import (
    BUCKET,
    HANDLER,
    LIKE,
    LOCAL_URL,
    PREPARER,
    ROLE,
    RUNTIME,
    VARIABLE,
)
from lambdabot.settings.values import (
    AnyLayers,
    EnvironmentValue,
    ErrorName,
    LayerArn,
    MemoryMb,
    Name,
    PayloadFile,
    Positive,
    Statuses,
    own_variable,
    pointers,
)


class Section(BaseModel):
    """A mapping of lambdabot.yml: immutable, and no key that is not known."""

    # Built when first used, so that a section is built as part of the document and not once more by itself.
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, defer_build=True)


class ExpectSection(Section):
    """What a good answer holds; an answer that does not is a failed call."""

    status: Statuses = []
    """`statusCode` of a function behind an API, or a list of those that are good; every one below 400 when absent."""
    json_values: Annotated[dict[str, JsonValue], AfterValidator(pointers)] = Field(default={}, alias="json")
    """By JSON pointer (RFC 6901), the value that stands there: `/body/ok` leads into an HTTP body that is JSON."""


class PayloadSection(Section):
    """An event to invoke the function with."""

    name: str | None = None
    """How reports call it; the file's name or `payload N` when absent."""
    event: JsonValue = None
    """The event itself."""
    file: PayloadFile | None = None
    """A JSON file that holds the event, relative to lambdabot.yml, or an object `s3://bucket/key`."""
    lines: PayloadFile | None = None
    """A file of one event a line (JSON Lines), relative to lambdabot.yml, or an object `s3://bucket/key`: each call
    gets one of them, drawn by the seed, and base and head the same ones."""
    sample: PayloadFile | None = None
    """A folder, relative to lambdabot.yml, or `s3://bucket/prefix`, of recorded events, one a file or object: each call
    gets one, the more often the more often it was recorded. They are sent as they are."""
    weight: Annotated[Decimal, Field(gt=0, le=10**12, allow_inf_nan=False)] = Decimal(1)
    """Its share of the real traffic; weights need not add up to one."""
    expect: ExpectSection | None = None
    """What a good answer to it holds, where that is not what the function's `expect` says."""

    @model_validator(mode="after")
    def _one_source(self) -> "PayloadSection":
        if len(self.model_fields_set & {"event", "file", "lines", "sample"}) != 1:
            msg = "a payload needs one of `event`, `file`, `lines` and `sample`"
            raise ValueError(msg)
        return self


class PreparationSection(Section):
    """What to invoke around the calls that are measured: its time is in no figure, its cost in the budget."""

    function: Annotated[str, Field(pattern=PREPARER)] | None = None
    """A function of lambdabot.yml, of which a throw-away copy at its own current size is invoked, or the ARN of an
    existing function, which takes `side_effects: accepted`. Absent: the measured copy itself, whose calls are made one
    after another then, so that it meets the environment that is called."""
    event: JsonValue = {}
    """The event. Its placeholders are those of the call that it goes with."""
    each: Each = Each.CALL
    """Once for each `call`, or once for each `wave` of calls that are made at once."""


class CurrentSection(Section):
    """The configuration that the function has today."""

    memory_mb: MemoryMb = 128
    """Memory in MB."""
    architecture: Architecture = Architecture.X86_64
    """CPU architecture."""


class ImageConfigSection(Section):
    """What to run of a container image where that is not what the image itself says."""

    entry_point: list[str] = []
    """The program and its first arguments."""
    command: list[str] = []
    """What the entry point is given, often the handler."""
    working_directory: str | None = None
    """The directory to run in."""


class ConstraintsSection(Section):
    """What a configuration must meet to be recommended."""

    p95_ms: Positive | None = None
    """The 95th percentile of the duration stays at or below this."""
    mean_ms: Positive | None = None
    """The mean duration stays at or below this."""
    cold_start_ms: Positive | None = None
    """The mean init duration stays at or below this."""
    memory_headroom_percent: Annotated[float, Field(ge=0, lt=100)] = 20.0
    """This share of the memory size stays unused."""


class FunctionBudgetSection(Section):
    """Hard limits for one function."""

    invocations: Annotated[int, Field(gt=0)] = 1000
    """Invocations at most, cold ones counted."""
    usd: Annotated[Decimal, Field(gt=0, allow_inf_nan=False)] = Decimal("1.00")
    """US dollars at most."""
    minutes: Positive = 10.0
    """Minutes at most."""


class LocalSection(Section):
    """What stands for AWS when a function calls it from the embedded endpoint. It says nothing on AWS."""

    aws_endpoint: Annotated[str, Field(pattern=LOCAL_URL)] | None = None
    """The address of LocalStack, DynamoDB Local, moto or the like, as a workflow's `services` have it: what the
    function finds in AWS_ENDPOINT_URL, with credentials that are none."""
    aws: Literal["moto"] | None = None
    """`moto` starts moto, where it is installed, for each throw-away copy of the function."""
    seed: Annotated[str, Field(min_length=1)] | None = None
    """With `aws: moto`: a JSON file of the calls that are made before anything is measured, relative to lambdabot.yml,
    a list of `{"dynamodb": "create-table", "input": {…}}`. Every copy begins with what they made."""

    @model_validator(mode="after")
    def _one_stand_in(self) -> "LocalSection":
        if self.aws is not None and self.aws_endpoint is not None:
            msg = "name either `aws: moto` or an `aws_endpoint`"
            raise ValueError(msg)
        if self.seed is not None and self.aws is None:
            msg = "`seed` goes with `aws: moto`; an endpoint of your own is filled by a step of yours"
            raise ValueError(msg)
        return self


class DefaultsSection(Section):
    """Any key of a function, for every function that does not say otherwise."""

    handler: Annotated[str, Field(pattern=HANDLER)] | None = None
    """The handler, as Lambda takes it: `app.handler`. Not used for container images."""
    runtime: Annotated[str, Field(pattern=RUNTIME)] = "python3.13"
    """Lambda's runtime identifier. The embedded endpoint says which interpreter of its machine ran it."""
    requirements: str | None = None
    """A requirements file, relative to `source`; the one in `source`, if any, when absent."""
    role: Annotated[str, Field(pattern=ROLE)] | None = None
    """Execution role of the throw-away copies. Needed on AWS."""
    timeout_seconds: Annotated[int, Field(ge=1, le=900)] = 30
    """Lambda's timeout."""
    environment: dict[Annotated[str, Field(pattern=VARIABLE), AfterValidator(own_variable)], EnvironmentValue] = {}
    """Environment variables of the throw-away copies."""
    payloads: list[PayloadSection] = []
    """Events to invoke with; when absent those that the repository holds, else what the template's trigger sends."""
    expect: ExpectSection = ExpectSection()
    """What a good answer holds. Without it, these are failed calls: HTTP statuses of 400 and above, `batchItemFailures`
    that are not empty, errors that are returned in place of being raised (`errorMessage`, GraphQL's `errors`)."""
    allowed_errors: list[ErrorName] = []
    """Failures that are meant and count as good answers: error types by name (`NotFound`), HTTP statuses (404)."""
    memory_mb: Annotated[list[MemoryMb], Field(min_length=1)] = [128, 256, 512, 1024, 1769, 3008]
    """Memory sizes to measure, these and no others; when absent, sizes between the default ones too, where it pays."""
    architectures: Annotated[list[Architecture], Field(min_length=1)] = [Architecture.X86_64, Architecture.ARM64]
    """Architectures to measure."""
    current: CurrentSection | None = None
    """Today's configuration, where no template says it; 128 MB x86_64, marked as assumed, when absent."""
    monthly_invocations: Annotated[int, Field(ge=0, le=10**12)] | None = None
    """Real traffic, for savings a month."""
    constraints: ConstraintsSection = ConstraintsSection()
    """What a configuration must meet."""
    strategy: Strategy = Strategy.COST
    """What the recommendation prefers."""
    balanced_weight: Annotated[float, Field(ge=0, le=1)] = 0.5
    """For `balanced`: 0 looks at speed alone, 1 at cost alone."""
    tie_tolerance_percent: Annotated[float, Field(ge=0, le=100)] = 2.0
    """Configurations this close to the cheapest count as equal, and the faster one is preferred."""
    budget: FunctionBudgetSection = FunctionBudgetSection()
    """Hard limits of this function's measurement."""
    allow_build: list[str] = []
    """Source distributions that packaging may build (their build code runs, without secrets). A pull request cannot
    allow itself another."""
    layers: AnyLayers = []
    """Layers in their order, each the ARN of a version, or a folder or .zip, relative to lambdabot.yml, whose contents
    Lambda shows at /opt: a list for every architecture, or one list per architecture."""
    local_layers: dict[LayerArn, Annotated[str, Field(min_length=1)]] = {}
    """By the ARN of a layer's version: the folder or .zip that stands for it where AWS is not asked, as on the embedded
    endpoint."""
    local: LocalSection = LocalSection()
    """What stands for AWS on the embedded endpoint; nothing when absent, and calls of AWS fail at once."""
    ephemeral_storage_mb: Annotated[int, Field(ge=512, le=10_240, strict=True)] = 512
    """Size of /tmp in MB; above 512 it is part of the cost."""
    provisioned_concurrency: Annotated[int, Field(ge=0, strict=True)] = 0
    """Environments that are kept ready for the real function: part of its cost. The throw-away copies have none."""
    snap_start: bool = False
    """Measure published versions with SnapStart."""
    tracing: bool = False
    """Trace the throw-away copies with X-Ray, as functions with `Active` tracing are."""
    image_config: ImageConfigSection | None = None
    """Overrides of a container image's entry point, command and working directory."""
    before: PreparationSection | None = None
    """What to invoke before the calls, as set-up."""
    after: PreparationSection | None = None
    """What to invoke after the calls, as tear-down."""
    pause_ms: Annotated[float, Field(ge=0, le=600_000, allow_inf_nan=False)] = 0.0
    """Milliseconds between one call and the next, for a service that limits rates; calls are made one after another
    then."""


class FunctionSection(DefaultsSection):
    """One Lambda function."""

    like: Annotated[str, Field(pattern=LIKE)] | None = None
    """An existing function, `name` or `name:alias`, that is read and never changed: whatever the settings leave open
    (runtime, handler, layers, timeout, storage, SnapStart, provisioned concurrency, tracing, today's configuration,
    traffic) is taken from it.
    With an alias, its live version is what the pull request is compared with."""
    side_effects: Annotated[Literal["accepted"] | None, Field(validate_default=True)] = None
    """With `like`: run the copies under the existing function's role, variables, VPC and file systems too.
    Hundreds of invocations then read and write what the real function does. With the ARN of an existing function in
    `before` or `after`: invoke it that often."""
    source: Annotated[Annotated[str, Field(min_length=1)] | None, Field(validate_default=True)] = None
    """Folder, .zip or .jar, single file or container image URI; a relative path is relative to lambdabot.yml.
    May be absent with `like`: then the code behind that function is measured."""

    @field_validator("side_effects")
    @classmethod
    def _of_an_existing_function(cls, value: str | None, info: ValidationInfo) -> str | None:
        around = {name: info.data[name] for name in ("before", "after") if info.data.get(name)}
        invoked = [name for name, one in around.items() if (one.function or "").startswith("arn:")]
        if value is None and invoked:
            msg = (
                f"`{'` and `'.join(invoked)}` would invoke an existing function hundreds of times: write "
                "`side_effects: accepted`, or name a function of lambdabot.yml, of which a throw-away copy is made"
            )
            raise ValueError(msg)
        if value is not None and info.data.get("like", "") is None and not invoked:
            msg = "there is no `like`, nor an ARN in `before` or `after`, whose side effects could be accepted"
            raise ValueError(msg)
        return value

    @field_validator("source")
    @classmethod
    def _code(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("like", "") is None:
            raise PydanticKnownError("missing")  # noqa: EM101 - pydantic's own name of the error
        return value


class GateSection(Section):
    """When the job fails."""

    threshold_percent: Annotated[float, Field(ge=0, le=10**6)] = 10.0
    """Cost increase that fails the job."""
    threshold_usd_monthly: Annotated[float, Field(ge=0)] | None = None
    """Increase in dollars a month that must be exceeded as well."""
    inconclusive: Literal["pass", "fail"] = "pass"
    """What an inconclusive comparison does."""
    not_measured: Literal["pass", "fail"] = "pass"
    """What a comparison that could not be made does."""
    failures: Literal["fail", "warn"] = "fail"
    """What a function does whose calls fail more often than on the target branch, beyond chance (`expect`,
    `allowed_errors`). With `warn` its cost is at best inconclusive: calls that fail are billed for little."""


class CommentSection(Section):
    """The comment on the pull request."""

    mode: Literal["update", "new", "hide-and-new", "off"] = "update"
    """Edit the one comment in place, add a new one, hide the old and add a new one, or none."""
    when: Literal["always", "change", "regression"] = "always"
    """Comment always, only when the verdict is not `no change`, or only on a regression, accepted or not.

    A comment that is no longer wanted is brought up to date and minimized."""
    template: Annotated[str, Field(min_length=1)] | None = None
    """A Jinja template of your own for the comment, in or below the folder of lambdabot.yml."""


class RunBudgetSection(Section):
    """Hard limits for the whole run."""

    usd: Annotated[Decimal, Field(gt=0, allow_inf_nan=False)] = Decimal("5.00")
    """US dollars at most."""
    minutes: Positive = 30.0
    """Minutes at most."""


class SettingsFile(Section):
    """lambdabot.yml: which Lambda functions to measure, and how."""

    model_config = ConfigDict(title="lambdabot.yml")

    version: Literal[1]
    """Version of this format."""
    defaults: DefaultsSection = DefaultsSection()
    """Any key of a function, for all of them."""
    functions: dict[Name, FunctionSection] = {}
    """The functions, by name. Those of the repository's templates are there by their logical names; a key here wins."""
    templates: list[str] | None = None
    """Templates to read, relative to lambdabot.yml (`*` allowed). Absent: all that the repository holds; `[]`: none."""
    gate: GateSection = GateSection()
    """When the job fails."""
    comment: CommentSection = CommentSection()
    """The comment on the pull request."""
    check: bool = False
    """Whether to make a check run as well, with remarks on the lines; it takes `checks: write`."""
    budget: RunBudgetSection = RunBudgetSection()
    """Hard limits of the whole run."""
    bucket: Annotated[str, Field(pattern=BUCKET)] | None = None
    """An S3 bucket in the functions' Region, through which packages above 5 MB are uploaded once; packages above
    Lambda's 50 MB of direct upload need it. What is put there is removed with the run."""
    expires_hours: Positive = 2.0
    """When a throw-away copy that was left behind may be removed by anyone."""
