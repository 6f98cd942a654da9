import os

import boto3

ORDERS = boto3.client("dynamodb")
RECEIPTS = boto3.client("s3")


def handler(event, context):
    key = {"id": {"S": event["order"]}}
    order = ORDERS.get_item(TableName=os.environ["ORDERS_TABLE"], Key=key)["Item"]
    lines = [(line["M"]["name"]["S"], int(line["M"]["cents"]["N"])) for line in order["lines"]["L"]]
    total = sum(cents for _, cents in lines)
    text = "".join(f"{name:<20}{cents / 100:>8.2f}\n" for name, cents in [*lines, ("total", total)])
    RECEIPTS.put_object(Bucket=os.environ["RECEIPTS_BUCKET"], Key=f"{event['order']}.txt", Body=text.encode())
    return {"order": event["order"], "total": total}
