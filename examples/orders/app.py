"""Answers what a customer has on order, from the order service."""

import os

import urllib3

ORDERS_URL = os.environ["ORDERS_URL"]
http = urllib3.PoolManager(timeout=5, retries=2)  # outside the handler: one connection for many invocations


def handler(event, context):
    answer = http.request("GET", f"{ORDERS_URL}/customers/{event['customer']}/orders", fields={"limit": event["limit"]})
    if answer.status != 200:
        raise RuntimeError(f"the order service answered {answer.status}")
    orders = [order for order in answer.json()["orders"] if order["state"] != "delivered"]
    return {
        "customer": event["customer"],
        "open": len(orders),
        "total": sum(order["cents"] for order in orders) / 100,
        "next": min((order["due"] for order in orders), default=None),
    }
