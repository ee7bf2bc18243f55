"""How many queries a second the simulated DNS answers: the interpreter of steering alone, and the whole name server.

Both on one core, by processor time. The policy is harder than any that the project makes: 16 answers and a case for
each part of the United States. The name server reads a query from bytes and writes the response to bytes; sockets are
left out, since they measure the kernel and the client.
"""

from __future__ import annotations

import random
import tempfile
import time
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dns.edns
import dns.message

from infra.sandbox.dns import parse
from infra.sandbox.dns.conditions import Client
from infra.sandbox.dns.server import LOOPBACK, NameServer
from infra.sandbox.dns.steering import chooser, respond
from infra.sandbox.dns.tokens import ATTACHMENT, MONITOR, STEERING_POLICY, ZONE
from infra.sandbox.store import Record, Store

if TYPE_CHECKING:
    from collections.abc import Callable

GOAL = 2_000
QUERIES = 5_000
NAME = "api.us.example.com"
KEYS = ("6252001", "4566966", "4043988", "4796775", "5880801", "4041468", "5854968")
TARGETS = [f"192.0.2.{number}" for number in range(1, 17)]
CLIENTS = [
    Client(address=ip_address("198.18.1.7"), geo_keys=frozenset({"6252001", "6255149"})),
    Client(address=ip_address("198.18.11.7"), geo_keys=frozenset({"5854968"})),
    Client(address=ip_address("203.0.113.7")),
]


def main() -> None:
    """Print the rate of each, and what it has to be."""
    policy, choose = parse.policy(_policy()), chooser(random.Random(1))  # noqa: S311 - no secret
    _print("interpreter", lambda n: respond(policy, CLIENTS[n % 3], down=TARGETS[:1], choose=choose))
    with tempfile.TemporaryDirectory() as folder:
        server = NameServer(_database(Path(folder)), seed=1)
        queries = [_query(str(client.address)) for client in CLIENTS]
        _print("name server", lambda n: server.answer(queries[n % 3], LOOPBACK, udp=True))
        server.close()


def _print(what: str, answer: Callable[[int], object]) -> None:
    answer(0)
    start = time.process_time()
    for number in range(QUERIES):
        answer(number)
    rate = QUERIES / (time.process_time() - start)
    print(f"{what}: {rate:,.0f} queries a second on one core, {rate / GOAL:.1f} times the goal of {GOAL:,}", flush=True)


def _policy() -> dict[str, Any]:
    keep = {"answerDatas": [{"answerCondition": "answer.pool == 'us'", "shouldKeep": True}]}
    cases = [{"caseCondition": f"query.client.geoKey in (geoKey '{key}')", **keep} for key in KEYS]
    weights = [{"answerCondition": f"answer.name == 'a{n}'", "value": n + 1} for n in range(len(TARGETS))]
    return {
        "template": "CUSTOM",
        "ttl": 30,
        "healthCheckMonitorId": "monitor",
        "answers": [{"name": f"a{n}", "rtype": "A", "rdata": target, "pool": "us"} for n, target in enumerate(TARGETS)],
        "rules": [
            {"ruleType": "FILTER", "cases": [*cases, keep]},
            {"ruleType": "HEALTH"},
            {"ruleType": "WEIGHTED", "defaultAnswerDatas": weights},
            {"ruleType": "LIMIT", "defaultCount": 1},
        ],
    }


def _database(folder: Path) -> Path:
    resources: dict[str, dict[str, Any]] = {
        ZONE: {"name": "us.example.com"},
        MONITOR: {"targets": TARGETS},
        STEERING_POLICY: _policy(),
        ATTACHMENT: {"zoneId": ZONE, "domainName": NAME, "steeringPolicyId": STEERING_POLICY},
    }
    store = Store(folder / "clouds.sqlite")
    with store.changing() as clouds:
        for token, inputs in resources.items():
            id_ = "monitor" if token == MONITOR else token
            clouds.put(
                Record(cloud="oci", account="t", region="", type=token, id=id_, name=None, inputs=inputs, outputs={})
            )
    store.close()
    return folder / "clouds.sqlite"


def _query(subnet: str) -> bytes:
    return dns.message.make_query(NAME, "A", use_edns=0, options=[dns.edns.ECSOption(subnet, 24)]).to_wire()
