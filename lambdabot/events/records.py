"""Events that hold records: queues, topics, buckets, streams and brokers.

Sources: Lambda Developer Guide, "Using Lambda with Amazon SQS", "Invoking Lambda functions with Amazon SNS
notifications", "Process Amazon S3 event notifications with Lambda", "Using AWS Lambda with Amazon DynamoDB", "How
Lambda processes records from Amazon Kinesis Data Streams", "Using Lambda with Amazon MSK", "Using Lambda with
self-managed Apache Kafka", "Process messages from Amazon MQ" and "Process Amazon DocumentDB events with Lambda".
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from lambdabot.events.fixed import CLIENT, EPOCH, EPOCH_MS, REGION, TIME_MS, Made, arn, in_base64, uuid
from lambdabot.model import EventSource, Stated

MOST_RECORDS = 10
"""As many as Lambda hands over from an SQS queue by default; a larger batch says no more of the function."""

_MESSAGE = '{"id":"%d","message":"made by lambdabot"}'
_DEFAULT_BATCH = 10


def count(source: EventSource) -> int:
    """Return how many records a batch is made of: the template's batch size, capped."""
    said = source.batch_size.value if isinstance(source.batch_size, Stated) else _DEFAULT_BATCH
    return max(1, min(said, MOST_RECORDS))


def sqs(source: EventSource) -> tuple[Made, ...]:
    """Return a batch of messages of a standard or a FIFO queue."""
    name = source.sent.origin or ("queue.fifo" if source.sent.fifo else "queue")

    def record(number: int) -> dict[str, Any]:
        body = _enveloped(number) if source.sent.form == "sns" else _MESSAGE % number
        attributes = {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": str(EPOCH_MS + number),
            "SenderId": "AIDAEXAMPLEEXAMPLE000",
            "ApproximateFirstReceiveTimestamp": str(EPOCH_MS + number + 1),
        }
        if source.sent.fifo:
            attributes |= {
                "SequenceNumber": f"{18850000000000000000 + number}",
                "MessageGroupId": "1",
                "MessageDeduplicationId": hashlib.sha256(body.encode()).hexdigest(),
            }
        return {
            "messageId": uuid(number),
            "receiptHandle": f"AQEBlambdabot{number:04d}",
            "body": body,
            "attributes": attributes,
            "messageAttributes": {},
            "md5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
            "eventSource": "aws:sqs",
            "eventSourceARN": arn("sqs", name),
            "awsRegion": REGION,
        }

    return (_records(source, record, "SQS FIFO" if source.sent.fifo else "SQS"),)


def _enveloped(number: int) -> str:
    """Return a message of a topic as a queue that is subscribed to it has it."""
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": uuid(number),
            "TopicArn": arn("sns", "topic"),
            "Message": _MESSAGE % number,
            "Timestamp": TIME_MS,
            "SignatureVersion": "1",
            "Signature": "EXAMPLE",
            "SigningCertURL": f"https://sns.{REGION}.amazonaws.com/SimpleNotificationService-0.pem",
            "UnsubscribeURL": f"https://sns.{REGION}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=EXAMPLE",
        },
        separators=(",", ":"),
    )


def sns(source: EventSource) -> tuple[Made, ...]:
    """Return a notification; Lambda gets each in an event of its own."""
    topic = arn("sns", source.sent.origin or "topic")
    notification: dict[str, Any] = {
        "Type": "Notification",
        "MessageId": uuid(1),
        "TopicArn": topic,
        "Subject": None,
        "Message": _MESSAGE % 1,
        "Timestamp": TIME_MS,
        "SignatureVersion": "1",
        "Signature": "EXAMPLE",
        "SigningCertUrl": f"https://sns.{REGION}.amazonaws.com/SimpleNotificationService-0.pem",
        "UnsubscribeUrl": f"https://sns.{REGION}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={topic}:{uuid(2)}",
        "MessageAttributes": {},
    }
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": f"{topic}:{uuid(2)}",
        "Sns": notification,
    }
    return (Made(name="SNS", event={"Records": [record]}, words="an SNS notification"),)


def s3(source: EventSource) -> tuple[Made, ...]:
    """Return a notification for each kind of change that the template names: an object put, an object removed."""
    names = source.sent.names or ("s3:ObjectCreated:*",)
    kinds = dict.fromkeys("removed" if "Removed" in name else "put" for name in names)
    return tuple(_s3_event(source, kind) for kind in kinds)


def _s3_event(source: EventSource, kind: str) -> Made:
    bucket, key = (source.sent.origin or "bucket").lower(), f"{source.sent.prefix}object{source.sent.suffix}"
    changed: dict[str, Any] = {"key": key, "sequencer": "0055AED6DCD90281E5"}
    if kind == "put":
        changed = {
            "key": key,
            "size": 1024,
            "eTag": "d41d8cd98f00b204e9800998ecf8427e",
            "sequencer": "0055AED6DCD90281E5",
        }
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": TIME_MS,
        "eventName": "ObjectCreated:Put" if kind == "put" else "ObjectRemoved:Delete",
        "userIdentity": {"principalId": "AWS:AIDAEXAMPLEEXAMPLE000"},
        "requestParameters": {"sourceIPAddress": CLIENT},
        "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "EXAMPLE"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "lambdabot",
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                "arn": f"arn:aws:s3:::{bucket}",
            },
            "object": changed,
        },
    }
    what = "put into" if kind == "put" else "removed from"
    return Made(name=f"S3 {kind}", event={"Records": [record]}, words=f"an S3 event of an object {what} {bucket}")


def dynamodb(source: EventSource) -> tuple[Made, ...]:
    """Return a batch of new items of a table's stream."""
    table = source.sent.origin or "table"

    def record(number: int) -> dict[str, Any]:
        keys = {"id": {"S": str(number)}}
        return {
            "eventID": f"{number:032x}",
            "eventName": "INSERT",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": REGION,
            "dynamodb": {
                "ApproximateCreationDateTime": EPOCH,
                "Keys": keys,
                "NewImage": {**keys, "message": {"S": "made by lambdabot"}},
                "SequenceNumber": f"{100000000000000000000 + number}",
                "SizeBytes": 59,
                "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
            "eventSourceARN": arn("dynamodb", f"table/{table}/stream/2025-01-01T00:00:00.000"),
        }

    return (_records(source, record, "DynamoDB stream"),)


def kinesis(source: EventSource) -> tuple[Made, ...]:
    """Return a batch of records of a data stream."""

    def record(number: int) -> dict[str, Any]:
        sequence = f"{49590338271490256608559692538361571095921575989136588898 + number}"
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": str(number),
                "sequenceNumber": sequence,
                "data": in_base64(_MESSAGE % number),
                "approximateArrivalTimestamp": EPOCH + number / 1000,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"shardId-000000000000:{sequence}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": arn("iam", "role/lambdabot", region=""),
            "awsRegion": REGION,
            "eventSourceARN": arn("kinesis", f"stream/{source.sent.origin or 'stream'}"),
        }

    return (_records(source, record, "Kinesis stream"),)


def kafka(source: EventSource) -> tuple[Made, ...]:
    """Return a batch of one topic's first partition, of a cluster of Amazon MSK or of one's own."""
    topic, own = source.sent.origin or "topic", source.sent.form == "self-managed"
    records = [
        {
            "topic": topic,
            "partition": 0,
            "offset": number,
            "timestamp": EPOCH_MS + number,
            "timestampType": "CREATE_TIME",
            "key": in_base64(str(number)),
            "value": in_base64(_MESSAGE % number),
            "headers": [],
        }
        for number in range(1, count(source) + 1)
    ]
    event: dict[str, Any] = {
        "eventSource": "SelfManagedKafka" if own else "aws:kafka",
        "bootstrapServers": "b-1.lambdabot.example.com:9092,b-2.lambdabot.example.com:9092",
        "records": {f"{topic}-0": records},
    }
    if not own:
        event["eventSourceArn"] = arn("kafka", f"cluster/lambdabot/{uuid(1)}-1")
    words = "a self-managed Kafka" if own else "an Amazon MSK"
    return (Made(name="Kafka", event=event, words=f"{words} event of {_of(len(records))}"),)


def mq(source: EventSource) -> tuple[Made, ...]:
    """Return a batch of messages of an ActiveMQ or a RabbitMQ broker."""
    number, queue = count(source), source.sent.origin or "queue"
    broker = arn("mq", f"broker:lambdabot:b-{uuid(1)}")
    if source.sent.form == "rabbitmq":
        event: dict[str, Any] = {
            "eventSource": "aws:rmq",
            "eventSourceArn": broker,
            "rmqMessagesByQueue": {f"{queue}::/": [_rabbit(one) for one in range(1, number + 1)]},
        }
        return (Made(name="RabbitMQ", event=event, words=f"a RabbitMQ event of {_of(number, 'message')}"),)
    messages = [
        {
            "messageID": f"ID:b-{uuid(1)}-1.mq.{REGION}.amazonaws.com-1:{one}",
            "messageType": "jms/text-message",
            "timestamp": EPOCH_MS + one,
            "deliveryMode": 1,
            "correlationID": "",
            "replyTo": "null",
            "destination": {"physicalName": queue},
            "redelivered": False,
            "type": "",
            "expiration": 0,
            "priority": 0,
            "data": in_base64(_MESSAGE % one),
            "brokerInTime": EPOCH_MS + one,
            "brokerOutTime": EPOCH_MS + one + 1,
            "properties": {},
        }
        for one in range(1, number + 1)
    ]
    event = {"eventSource": "aws:mq", "eventSourceArn": broker, "messages": messages}
    return (Made(name="ActiveMQ", event=event, words=f"an ActiveMQ event of {_of(number, 'message')}"),)


def _rabbit(number: int) -> dict[str, Any]:
    body = _MESSAGE % number
    return {
        "basicProperties": {
            "contentType": "application/json",
            "contentEncoding": None,
            "headers": {},
            "deliveryMode": 1,
            "priority": 0,
            "correlationId": None,
            "replyTo": None,
            "expiration": "60000",
            "messageId": None,
            "timestamp": "Jan 1, 2025, 12:00:00 PM",
            "type": None,
            "userId": "AIDAEXAMPLEEXAMPLE000",
            "appId": None,
            "clusterId": None,
            "bodySize": len(body),
        },
        "redelivered": False,
        "data": in_base64(body),
    }


def documentdb(source: EventSource) -> tuple[Made, ...]:
    """Return a batch of documents that were put into a collection."""
    database, collection = source.sent.database or "database", source.sent.origin or "collection"

    def change(number: int) -> dict[str, Any]:
        identifier = {"$oid": f"{number:024x}"}
        return {
            "event": {
                "_id": {"_data": f"{number:048x}"},
                "clusterTime": {"$timestamp": {"t": EPOCH, "i": number}},
                "documentKey": {"_id": identifier},
                "fullDocument": {"_id": identifier, "message": "made by lambdabot"},
                "ns": {"db": database, "coll": collection},
                "operationType": "insert",
            }
        }

    number = count(source)
    event = {
        "eventSourceArn": arn("rds", "cluster:lambdabot"),
        "events": [change(one) for one in range(1, number + 1)],
        "eventSource": "aws:docdb",
    }
    return (Made(name="DocumentDB", event=event, words=f"a DocumentDB event of {_of(number, 'change')}"),)


def _records(source: EventSource, record: Callable[[int], dict[str, Any]], service: str) -> Made:
    records = [record(number) for number in range(1, count(source) + 1)]
    words = f"{'an' if service.startswith('S') else 'a'} {service} event of {_of(len(records))}"
    return Made(name=service, event={"Records": records}, words=words)


def _of(number: int, what: str = "record") -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"
