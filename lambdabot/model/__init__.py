"""The nouns that the stages hand to one another: frozen, in AWS's own words.

Durations are milliseconds as Lambda reports them, sizes are MB as Lambda counts them (1 MB = 1,048,576 bytes),
money is US dollars as `Decimal`. A module here imports none that comes later in this list: `configuration`, `place`,
`selection`, `trigger`, `expectation`, `event_source`, `layer`, `declaration`, `stand_in`, `function`, `measured`,
`prices`, `arm64`, `runtimes`, `variables`, `result`, `annotation`.
"""

from lambdabot.model.annotation import Annotation
from lambdabot.model.arm64 import Arm64Check, Arm64Verdict, PackageCheck, PackageVerdict
from lambdabot.model.configuration import Architecture, Commits, Configuration, Side, Since, Variant
from lambdabot.model.declaration import Declaration, DeclaredLayer, Discovery
from lambdabot.model.event_source import EventSource, Sent
from lambdabot.model.expectation import AnswerRule, Expectation
from lambdabot.model.function import (
    Budget,
    Build,
    Code,
    Constraints,
    Deployment,
    Extras,
    Function,
    ImageConfig,
    Origin,
    Payload,
    PayloadOrigin,
    Question,
    Setup,
    Strategy,
)
from lambdabot.model.layer import Layer, LayerBuild
from lambdabot.model.measured import (
    Comparison,
    Estimate,
    Failures,
    Interval,
    Invocation,
    Measurement,
    Outcome,
    Recommendation,
    Reliability,
    Round,
    Status,
    Stop,
    Verdict,
    Wave,
)
from lambdabot.model.place import Attribute, Edit, NoSlot, Place, Slot, Stated, Suggestion, Undecided
from lambdabot.model.prices import Prices
from lambdabot.model.result import ACCEPT_LABEL, BaseKind, Finding, FunctionResult, Override, RunResult, Spend
from lambdabot.model.selection import Selection
from lambdabot.model.stand_in import SeedCall, StandIn
from lambdabot.model.trigger import Trigger

__all__ = [
    "ACCEPT_LABEL",
    "Annotation",
    "AnswerRule",
    "Architecture",
    "Arm64Check",
    "Arm64Verdict",
    "Attribute",
    "BaseKind",
    "Budget",
    "Build",
    "Code",
    "Commits",
    "Comparison",
    "Configuration",
    "Constraints",
    "Declaration",
    "DeclaredLayer",
    "Deployment",
    "Discovery",
    "Edit",
    "Estimate",
    "EventSource",
    "Expectation",
    "Extras",
    "Failures",
    "Finding",
    "Function",
    "FunctionResult",
    "ImageConfig",
    "Interval",
    "Invocation",
    "Layer",
    "LayerBuild",
    "Measurement",
    "NoSlot",
    "Origin",
    "Outcome",
    "Override",
    "PackageCheck",
    "PackageVerdict",
    "Payload",
    "PayloadOrigin",
    "Place",
    "Prices",
    "Question",
    "Recommendation",
    "Reliability",
    "Round",
    "RunResult",
    "SeedCall",
    "Selection",
    "Sent",
    "Setup",
    "Side",
    "Since",
    "Slot",
    "Spend",
    "StandIn",
    "Stated",
    "Status",
    "Stop",
    "Strategy",
    "Suggestion",
    "Trigger",
    "Undecided",
    "Variant",
    "Verdict",
    "Wave",
]
