"""Books a batch of transfers from SQS, and reports those that must be delivered again."""

import hashlib
import hmac
import json
import os
from decimal import Decimal

import urllib3

LEDGER_URL = os.environ["LEDGER_URL"]
SIGNING_SECRET = os.environ["SIGNING_SECRET"].encode()
http = urllib3.PoolManager(timeout=5, retries=False)


def handler(event, context):
    entries, failures = [], []
    for record in event["Records"]:
        try:
            entries += _entries(record)
        except (KeyError, ValueError, ArithmeticError) as error:
            print(f"{record['messageId']} is refused: {error!r}")
            failures.append({"itemIdentifier": record["messageId"]})
    if entries:
        answer = http.request("POST", f"{LEDGER_URL}/entries", json=entries)
        if answer.status != 201:
            raise RuntimeError(f"the ledger answered {answer.status}")  # SQS delivers the whole batch again
    return {"batchItemFailures": failures}


def _entries(record):
    body = record["body"]
    transfer = json.loads(body)
    signature = record["messageAttributes"]["signature"]["stringValue"]
    if not hmac.compare_digest(signature, _signature(transfer["tenant"], body)):
        raise ValueError("the signature is wrong")
    amount = Decimal(transfer["amount"])
    if amount <= 0:
        raise ValueError(f"{amount} is no amount to transfer")
    return [
        {"id": f"{transfer['id']}-debit", "account": transfer["from"], "amount": str(-amount)},
        {"id": f"{transfer['id']}-credit", "account": transfer["to"], "amount": str(amount)},
    ]


def _signature(tenant, body):
    key = hashlib.pbkdf2_hmac("sha256", SIGNING_SECRET, tenant.encode(), 10_000)
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()
