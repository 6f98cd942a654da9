"""What invokes a function, in AWS's own words, whatever a template's format calls it."""

from enum import StrEnum


class Trigger(StrEnum):
    """A service that invokes functions, told apart where the events that it sends are."""

    REST_API = "API Gateway REST API"
    HTTP_API = "API Gateway HTTP API"
    WEBSOCKET_API = "API Gateway WebSocket API"
    FUNCTION_URL = "function URL"
    LOAD_BALANCER = "Application Load Balancer"
    SQS = "SQS"
    SNS = "SNS"
    S3 = "S3"
    EVENTBRIDGE = "EventBridge rule"
    SCHEDULE = "EventBridge schedule"
    DYNAMODB = "DynamoDB stream"
    KINESIS = "Kinesis stream"
    KAFKA = "Kafka"
    MQ = "Amazon MQ"
    DOCUMENTDB = "DocumentDB"
    COGNITO = "Cognito user pool"
    AUTHORIZER = "API Gateway authorizer"
    STEP_FUNCTIONS = "Step Functions"
    LOGS = "CloudWatch Logs"
    IOT = "AWS IoT"
    ALEXA = "Alexa"
    EDGE = "CloudFront"

    @property
    def answers_http(self) -> bool:
        """Tell whether a client gets the answer's `statusCode` (Lambda proxy integrations, function URLs, ALB)."""
        return self in _HTTP

    @property
    def takes_batches(self) -> bool:
        """Tell whether an answer may name `batchItemFailures` (event source mappings)."""
        return self in _BATCHES


_HTTP = {
    Trigger.REST_API,
    Trigger.HTTP_API,
    Trigger.WEBSOCKET_API,
    Trigger.FUNCTION_URL,
    Trigger.LOAD_BALANCER,
}
_BATCHES = {Trigger.SQS, Trigger.DYNAMODB, Trigger.KINESIS, Trigger.KAFKA}

_KINDS = {
    # SAM's event types
    "api": Trigger.REST_API,
    "httpapi": Trigger.HTTP_API,
    "cloudwatchevent": Trigger.EVENTBRIDGE,
    "eventbridgerule": Trigger.EVENTBRIDGE,
    "schedule": Trigger.SCHEDULE,
    "schedulev2": Trigger.SCHEDULE,
    "msk": Trigger.KAFKA,
    "selfmanagedkafka": Trigger.KAFKA,
    "cognito": Trigger.COGNITO,
    "cloudwatchlogs": Trigger.LOGS,
    "iotrule": Trigger.IOT,
    "alexaskill": Trigger.ALEXA,
    # the Serverless Framework's
    "http": Trigger.REST_API,
    "websocket": Trigger.WEBSOCKET_API,
    "alb": Trigger.LOAD_BALANCER,
    "eventbridge": Trigger.EVENTBRIDGE,
    "activemq": Trigger.MQ,
    "rabbitmq": Trigger.MQ,
    "cognitouserpool": Trigger.COGNITO,
    "cloudwatchlog": Trigger.LOGS,
    "cloudfront": Trigger.EDGE,
    "alexasmarthome": Trigger.ALEXA,
    # resources that invoke, whatever the format
    "authorizer": Trigger.AUTHORIZER,
    # principals of permissions
    "apigateway": Trigger.REST_API,
    "elasticloadbalancing": Trigger.LOAD_BALANCER,
    "events": Trigger.EVENTBRIDGE,
    "scheduler": Trigger.SCHEDULE,
    "cognito-idp": Trigger.COGNITO,
    "states": Trigger.STEP_FUNCTIONS,
    "logs": Trigger.LOGS,
    "edgelambda": Trigger.EDGE,
    "alexa-appkit": Trigger.ALEXA,
    # and what several of them share
    "url": Trigger.FUNCTION_URL,
    "sqs": Trigger.SQS,
    "sns": Trigger.SNS,
    "s3": Trigger.S3,
    "dynamodb": Trigger.DYNAMODB,
    "kinesis": Trigger.KINESIS,
    "kafka": Trigger.KAFKA,
    "mq": Trigger.MQ,
    "docdb": Trigger.DOCUMENTDB,
    "documentdb": Trigger.DOCUMENTDB,
    "iot": Trigger.IOT,
}


def trigger(kind: str) -> Trigger | None:
    """Return the trigger that an `EventSource.kind` stands for; None where the kind does not tell."""
    return _KINDS.get(kind)
