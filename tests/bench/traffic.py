"""What planning the traffic of many hostnames costs, and that it grows with their number and no faster.

Plans whole deployments with 50 and with 500 hostnames, over both kinds of addresses, in turns in one process. The limit
for 500 is one second.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from infra.residency.planner import plan
from infra.residency.traffic_request import HostnameRequest, TrafficLimitsRequest
from tests.residency.samples import ANSWERING, TODAY

if TYPE_CHECKING:
    from infra.residency.deployment import DeploymentRequest

FEW, MANY = 50, 500
ROUNDS = 7
LIMIT_SECONDS = 1.0


def main() -> None:
    """Print medians and their ratio."""
    seconds: dict[int, list[float]] = {FEW: [], MANY: []}
    for _ in range(ROUNDS):
        for number, found in seconds.items():
            request = asked(number)
            start = time.perf_counter()
            plan(request, TODAY)
            found.append(time.perf_counter() - start)
    few, many = (statistics.median(found) for found in seconds.values())
    print(f"  {FEW} hostnames planned in   {few * 1000:7.1f} ms")
    print(f"  {MANY} hostnames planned in  {many * 1000:7.1f} ms   limit {LIMIT_SECONDS * 1000:.0f} ms")
    print(f"  {MANY // FEW} times as many take {many / few:.1f} times as long")


def asked(number: int) -> DeploymentRequest:
    """The sample that answers users, for so many hostnames."""
    traffic = ANSWERING.traffic
    assert traffic is not None
    hostnames = {f"host-{n}": HostnameRequest(health="/healthz") for n in range(number)}
    limits = TrafficLimitsRequest(policies=2 * number, attachments=2 * number)
    return replace(ANSWERING, traffic=replace(traffic, hostnames=hostnames, limits=limits))
