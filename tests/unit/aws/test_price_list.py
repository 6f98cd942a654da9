"""The public Price List: a hand-made file in its documented form, served on loopback; no real one can be had here."""

import json
import os
import threading
import time
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lambdabot.aws import price_list
from lambdabot.aws.price_list import latest
from lambdabot.aws.prices import prices
from lambdabot.model import Architecture

REGION = "eu-west-1"


def product(sku: str, group: str, *tiers: str, region: str = REGION, unit: str = "USD", location: str = "EU (Ireland)"):
    """Return a product and its terms as the file has them: tiers stand in no order, here the first is last or first."""
    attributes = {
        "servicecode": "AWSLambda",
        "location": location,
        "regionCode": region,
        "group": group,
        "usagetype": f"EU-{group}",
    }
    order = sorted(enumerate(tiers), reverse=sku == "A")
    dimensions = {
        f"{sku}.JRTCKXETXF.{index}": {
            "unit": "Lambda-GB-Second",
            "beginRange": "0" if index == 0 else str(index * 6_000_000_000),
            "endRange": "Inf",
            "pricePerUnit": {unit: tier},
        }
        for index, tier in order
    }
    term = {f"{sku}.JRTCKXETXF": {"offerTermCode": "JRTCKXETXF", "sku": sku, "priceDimensions": dimensions}}
    return {"sku": sku, "productFamily": "Serverless", "attributes": attributes}, term


def price_file(*products, published: str = "2026-11-20T21:54:46Z") -> dict:
    return {
        "formatVersion": "v1.0",
        "offerCode": "AWSLambda",
        "publicationDate": published,
        "products": {one["sku"]: one for one, _ in products},
        "terms": {"OnDemand": {one["sku"]: term for one, term in products}},
    }


WHOLE = (
    product("A", "AWS-Lambda-Duration", "0.0000171", "0.0000150"),
    product("B", "AWS-Lambda-Duration-ARM", "0.0000136", "0.0000121"),
    product("C", "AWS-Lambda-Requests", "0.00000021"),
    product("D", "AWS-Lambda-Storage-Duration", "0.000000034"),
    product("E", "AWS-Lambda-Provisioned-Concurrency", "0.0000043"),
    product("F", "AWS-Lambda-Duration-Provisioned-ARM", "0.0000079"),
    product("G", "AWS-Lambda-Edge-Duration", "0.00005"),
    product("H", "AWS-Lambda-Duration", "0.0", location="Any"),
    product("I", "AWS-Lambda-Requests", "0.0", region="", location="Any"),
)


@pytest.fixture
def published():
    """Serve a price list; `published.file` is what it says, `published.asked` how often it was asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked += 1
            server.released.wait(server.seconds)
            self.send_response(server.status)
            self.end_headers()
            self.wfile.write(json.dumps(server.file).encode())

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            """Say nothing when a client has gone."""

    server = Server(("127.0.0.1", 0), Handler)
    server.file, server.asked, server.status, server.seconds = price_file(*WHOLE), 0, 200, 0.0
    server.released = threading.Event()
    server.address = f"http://127.0.0.1:{server.server_address[1]}/"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def ask(published, tmp_path):
    return lambda region=REGION: latest(region, cache=tmp_path, address=published.address)


def test_the_first_tier_of_the_region_and_never_the_free_tier(ask):
    here = ask()
    assert here.gb_second == {Architecture.X86_64: Decimal("0.0000171"), Architecture.ARM64: Decimal("0.0000136")}
    assert (here.request, here.storage_gb_second) == (Decimal("0.00000021"), Decimal("0.000000034"))
    assert (here.region, here.published, here.source, here.currency) == (REGION, "2026-11-20", "AWS Price List", "USD")
    assert here.provisioned_gb_second == {
        Architecture.X86_64: Decimal("0.0000043"),
        Architecture.ARM64: Decimal("0.0000033334"),  # which the list lacks
    }
    assert here.provisioned_duration_gb_second[Architecture.ARM64] == Decimal("0.0000079")


def test_it_is_asked_for_once_a_day(ask, published, tmp_path):
    assert ask() == ask()
    assert published.asked == 1
    (kept,) = tmp_path.rglob("*.json")
    yesterday = time.time() - 25 * 3600
    os.utime(kept, (yesterday, yesterday))
    ask()
    assert published.asked == 2


def test_an_earlier_days_prices_are_better_than_the_bundled_ones(ask, published, tmp_path):
    first = ask()
    (kept,) = tmp_path.rglob("*.json")
    os.utime(kept, (0, 0))
    published.status = 503
    later = ask()
    assert later.gb_second == first.gb_second
    assert later.source == "AWS Price List; the Price List could not be read today: HTTP 503"


def test_a_list_that_hangs_does_not_hold_the_run_back(ask, published, monkeypatch):
    monkeypatch.setattr(price_list, "_PATIENCE_SECONDS", 0.05)
    published.seconds = 10
    here = ask()
    assert here.gb_second == prices(REGION).gb_second
    assert here.source.endswith("the Price List could not be read today: no answer within 0 s")


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ([], "another form"),
        ({"publicationDate": "today"}, "another form"),
        (price_file(*WHOLE[:2]), "no price for request in eu-west-1"),
        (price_file(*WHOLE, product("J", "AWS-Lambda-Storage-Duration", "1", unit="CNY")), "mixes currencies"),
        (price_file(product("A", "AWS-Lambda-Duration", "free"), *WHOLE[1:]), "another form"),
    ],
)
def test_what_cannot_be_read_is_not_guessed(ask, published, tmp_path, file, words):
    published.file = file
    here = ask()
    assert here.gb_second == prices(REGION).gb_second
    assert words in here.source
    assert list(tmp_path.rglob("*.json")) == []


def test_a_damaged_copy_is_asked_for_again(ask, published, tmp_path):
    ask()
    (kept,) = tmp_path.rglob("*.json")
    kept.write_text("{")
    assert ask().source == "AWS Price List"
    assert published.asked == 2


def test_no_server_and_no_place_to_keep_it_are_no_failure(published, tmp_path, monkeypatch):
    assert "ConnectionError" in latest(REGION, cache=tmp_path, address="http://127.0.0.1:1/").source
    (tmp_path / "file").touch()
    assert latest(REGION, cache=tmp_path / "file", address=published.address).source == "AWS Price List"
    monkeypatch.setattr(price_list, "_MOST_BYTES", 10)
    assert "larger than any price list" in latest(REGION, cache=tmp_path, address=published.address).source


def test_china_has_its_own_list_in_its_own_currency(published, tmp_path, monkeypatch):
    region = "cn-north-1"
    monkeypatch.setattr(price_list, "CHINA", f"{published.address}?{{region}}")
    published.file = price_file(
        *(
            product(sku, group, amount, region=region, unit="CNY", location="China (Beijing)")
            for sku, group, amount in (
                ("A", "AWS-Lambda-Duration", "0.00011354"),
                ("B", "AWS-Lambda-Duration-ARM", "0.0000908"),
                ("C", "AWS-Lambda-Requests", "0.0000013624"),
            )
        )
    )
    here = latest(region, cache=tmp_path)
    assert here.currency == "CNY"
    assert here.source == "AWS Price List in CNY: every amount written with $ is CNY"
    assert here.gb_second[Architecture.X86_64] == Decimal("0.00011354")
    assert (here.storage_gb_second, here.snap_start_restore_gb) == (0, 0)  # not given, and dollars are no yuan
    assert here.provisioned_gb_second == {}


def test_the_real_addresses_are_those_of_the_region():
    assert price_list.ADDRESS.format(region=REGION).endswith("/aws/AWSLambda/current/eu-west-1/index.json")
    assert price_list.CHINA.format(region="cn-north-1").endswith("/cn/AWSLambda/current/cn-north-1/index.json")
