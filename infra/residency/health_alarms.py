"""Who is told when an edge or a hostname is not well: one alarm for each monitor, where the monitor reports.

Steering moves users away from an edge that is not well by itself; the alarm tells people that it did, and that what
stands between users and an outage is one edge less.

Sources: Oracle's pages "Health Checks Metrics Reference" (metrics of tests are 1 or 0, one for each vantage point and
target; dimensions) and "Monitoring Query Language Reference".
"""

from dataclasses import dataclass
from enum import StrEnum

from infra.residency.regions import UsRegion
from infra.residency.traffic import TrafficPlan

NAMESPACE = "oci_healthchecks"
"""Of the metrics that monitors write."""

_EDGE = "edge"


class Probe(StrEnum):
    """What a monitor does; the value begins the name of its metrics."""

    HTTP = "HTTP"
    PING = "PING"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthAlarm:
    """An alarm about one monitor.

    Attributes:
        name: logical name, unique in its region (`api-a`, `edge`).
        monitor: its display name.
        region: where it reports, and where people are told.
    """

    name: str
    monitor: str
    probe: Probe
    region: UsRegion

    @property
    def query(self) -> str:
        """Holds where most vantage points find one of the monitor's targets unwell."""
        return f'{self.probe}.isHealthy[1m]{{resourceDisplayName = "{self.monitor}"}}.groupBy(target).mean() < 0.5'


def health_alarms(traffic: TrafficPlan | None, home: UsRegion) -> tuple[HealthAlarm, ...]:
    """An alarm for each monitor: hostnames' report in the home region, where they are made; edges' in their own."""
    if traffic is None:
        return ()
    hostnames = (HealthAlarm(name=it.name, monitor=it.name, probe=Probe.HTTP, region=home) for it in traffic.policies)
    edges = (HealthAlarm(name=_EDGE, monitor=it.name, probe=Probe.PING, region=it.region) for it in traffic.edges)
    return tuple(sorted((*hostnames, *edges), key=lambda alarm: alarm.monitor))
