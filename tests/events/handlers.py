"""Handlers that use their events' fields as users' do, and fail on an event of another shape."""

import base64
import gzip
import json
from datetime import datetime


def rest(event, context):
    request = event["requestContext"]
    assert request["resourcePath"] == event["resource"]
    assert request["identity"]["sourceIp"]
    values = event["pathParameters"] or {}
    assert event["path"] == event["resource"].replace("+}", "}").format(**values)
    body = json.loads(event["body"]) if event["httpMethod"] in {"POST", "PUT", "PATCH"} else event["body"]
    return {"statusCode": 200, "body": json.dumps({"method": event["httpMethod"], "body": body, **values})}


def http_api(event, context):
    request = event["requestContext"]["http"]
    assert event["version"] == "2.0"
    assert request["path"] == event["rawPath"]
    route = event["routeKey"]
    if route != "$default":
        method, path = route.split(" ")
        assert method in {"ANY", request["method"]}
        assert event["rawPath"] == path.replace("+}", "}").format(**event.get("pathParameters", {}))
    body = json.loads(event["body"]) if request["method"] in {"POST", "PUT", "PATCH"} else None
    return {"statusCode": 200, "body": json.dumps(body)}


def http_api_v1(event, context):
    assert event["version"] == "1.0"
    return rest(event, context)


def url(event, context):
    assert ".lambda-url." in event["requestContext"]["domainName"]
    return http_api(event, context)


def connect(event, context):
    assert event["requestContext"]["eventType"] == "CONNECT"
    assert event["requestContext"]["routeKey"] == "$connect"
    return {"statusCode": 200, "body": event["requestContext"]["connectionId"] + event["headers"]["Host"]}


def message(event, context):
    assert event["requestContext"]["eventType"] == "MESSAGE"
    return {"statusCode": 200, "body": json.loads(event["body"])["action"]}


def balanced(event, context):
    assert event["requestContext"]["elb"]["targetGroupArn"].startswith("arn:aws:elasticloadbalancing:")
    return {"statusCode": 200, "statusDescription": "200 OK", "body": event["httpMethod"] + event["path"]}


def token(event, context):
    assert event["type"] == "TOKEN"
    assert event["authorizationToken"].startswith("Bearer ")
    return {"principalId": "user", "policyDocument": {"Statement": [{"Resource": event["methodArn"]}]}}


def request(event, context):
    assert event["type"] == "REQUEST"
    assert event["requestContext"]["accountId"]
    return {"principalId": event["headers"]["Authorization"], "resource": event["methodArn"]}


def request_v2(event, context):
    assert event["version"] == "2.0"
    assert event["type"] == "REQUEST"
    return {"isAuthorized": bool(event["identitySource"][0] and event["routeArn"])}


def sqs(event, context):
    for record in event["Records"]:
        assert record["eventSource"] == "aws:sqs"
        assert record["eventSourceARN"].startswith("arn:aws:sqs:")
        int(record["attributes"]["SentTimestamp"])
        json.loads(record["body"])
    return {"batchItemFailures": []}


def by_queue(event, context):
    sqs(event, context)
    notifications = [json.loads(record["body"]) for record in event["Records"]]
    return [json.loads(one["Message"])["message"] for one in notifications if one["Type"] == "Notification"]


def fifo(event, context):
    assert all(record["attributes"]["MessageGroupId"] for record in event["Records"])
    assert all(record["eventSourceARN"].endswith(".fifo") for record in event["Records"])
    return sqs(event, context)


def sns(event, context):
    (record,) = event["Records"]
    return json.loads(record["Sns"]["Message"])["message"] + record["Sns"]["TopicArn"]


def s3_put(event, context):
    (record,) = event["Records"]
    assert record["eventName"].startswith("ObjectCreated:")
    return record["s3"]["bucket"]["name"] + record["s3"]["object"]["key"] * (record["s3"]["object"]["size"] > 0)


def s3_removed(event, context):
    (record,) = event["Records"]
    assert record["eventName"].startswith("ObjectRemoved:")
    assert "size" not in record["s3"]["object"]
    return record["s3"]["object"]["key"]


def s3_any(event, context):
    name = event["Records"][0]["eventName"]
    return s3_put(event, context) if name.startswith("ObjectCreated") else s3_removed(event, context)


def rule(event, context):
    datetime.fromisoformat(event["time"])
    return event["source"] + event["detail-type"] + json.dumps(event["detail"])


def ec2(event, context):
    assert event["source"] == "aws.ec2"
    assert event["detail"]["state"] == "terminated"
    return event["detail"]["instance-id"]


def uploaded(event, context):
    return event["detail"]["bucket"]["name"] + event["detail"]["object"]["key"]


def order(event, context):
    assert event["source"] == "shop.orders"
    assert event["detail"]["total"] > 100
    return event["detail"]["currency"]


def scheduled(event, context):
    assert event["source"] == "aws.events"
    assert event["detail-type"] == "Scheduled Event"
    return event["resources"][0]


def scheduler(event, context):
    assert event["source"] == "aws.scheduler"
    assert json.loads(event["detail"]) == {}
    return event["resources"][0]


def constant(event, context):
    return f"{event['report']} of {event['days']}"


def dynamodb(event, context):
    return [record["dynamodb"]["NewImage"]["id"]["S"] for record in event["Records"] if record["eventName"] == "INSERT"]


def kinesis(event, context):
    return [json.loads(base64.b64decode(record["kinesis"]["data"]))["id"] for record in event["Records"]]


def kafka(event, context):
    assert event["eventSource"] in {"aws:kafka", "SelfManagedKafka"}
    return [json.loads(base64.b64decode(one["value"])) for records in event["records"].values() for one in records]


def activemq(event, context):
    assert event["eventSource"] == "aws:mq"
    return [base64.b64decode(one["data"]).decode() for one in event["messages"]]


def rabbitmq(event, context):
    assert event["eventSource"] == "aws:rmq"
    return [base64.b64decode(one["data"]).decode() for all_ in event["rmqMessagesByQueue"].values() for one in all_]


def documents(event, context):
    return [one["event"]["fullDocument"]["_id"]["$oid"] + one["event"]["ns"]["coll"] for one in event["events"]]


def sign_up(event, context):
    assert event["triggerSource"] == "PreSignUp_SignUp"
    event["response"]["autoConfirmUser"] = event["request"]["userAttributes"]["email"].endswith("@example.com")
    return event


def claims(event, context):
    assert event["triggerSource"].startswith("TokenGeneration_")
    event["response"]["claimsOverrideDetails"] = {"groups": event["request"]["groupConfiguration"]["groupsToOverride"]}
    return event


def task(event, context):
    return {**event, "done": True}


def log_lines(event, context):
    batch = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    return [batch["logGroup"] + one["message"] for one in batch["logEvents"]]


def device(event, context):
    return event["deviceId"]


def skill(event, context):
    return {"version": "1.0", "response": {"outputSpeech": {"type": "PlainText", "text": event["request"]["type"]}}}


def anything(event, context):
    return event
