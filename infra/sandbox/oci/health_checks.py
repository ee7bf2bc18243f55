"""Health checks: monitors that probe public addresses from outside."""

from ipaddress import ip_address
from typing import ClassVar

from infra.sandbox.dns.tokens import MONITOR, PING_MONITOR
from infra.sandbox.model import Call, Model, matches, require
from infra.sandbox.oci.base import OciModel, invalid
from infra.sandbox.values import Json

_INTERVALS = (10, 30, 60)
_TIMEOUTS = (10, 20, 30, 60)
_DEFAULT_TIMEOUT = 30
_PORTS = range(1, 65536)
_NAME = r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"


class _Monitor(OciModel):
    """Probes targets; a service for the whole tenancy."""

    state = None
    account_wide = True

    def refuse(self, call: Call) -> None:
        """Intervals and timeouts that the service offers, targets that are addresses or names."""
        interval, timeout = call.inputs["intervalInSeconds"], call.get("timeoutInSeconds")
        if interval not in _INTERVALS:
            raise invalid(f"intervalInSeconds: {interval} is none of {_INTERVALS}")
        if timeout is not None and timeout not in _TIMEOUTS:
            raise invalid(f"timeoutInSeconds: {timeout} is none of {_TIMEOUTS}")
        if timeout is not None and timeout > interval:
            raise invalid(f"timeoutInSeconds: {timeout} is longer than the interval")
        if not call.inputs["targets"]:
            raise invalid("targets: at least one is needed")
        for target in call.inputs["targets"]:
            _refuse_target(target)
        if call.get("port", 1) not in _PORTS:
            raise invalid(f"port: {call.get('port')}")

    def outputs(self, call: Call, id_: str) -> Json:
        """What was left out, and where results are."""
        region = call.place.region
        filled: Json = {
            "homeRegion": region,
            "isEnabled": True,
            "resultsUrl": f"https://healthchecks.{region}.oraclecloud.com/20180501/{self.results}/{id_}",
            "timeoutInSeconds": min(_DEFAULT_TIMEOUT, call.inputs["intervalInSeconds"]),
            "vantagePointNames": [],
        }
        filled |= self.filled(call)
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}

    results: ClassVar[str]

    def filled(self, call: Call) -> Json:
        """What the kind of monitor fills in."""
        del call
        return {}


class HttpMonitor(_Monitor):
    """Asks for a path."""

    token = MONITOR
    kind = "httpmonitor"
    results = "httpProbeResults"

    def refuse(self, call: Call) -> None:
        """An absolute path."""
        super().refuse(call)
        path = call.get("path", "/")
        require(matches(r"/[^\s#]*", path), 400, "InvalidParameter", f"path: {path!r} is no absolute path")

    def filled(self, call: Call) -> Json:
        """The root path, by HEAD, at the protocol's port."""
        port = 443 if call.inputs["protocol"] == "HTTPS" else 80
        return {"headers": {}, "method": "HEAD", "path": "/", "port": port}


class PingMonitor(_Monitor):
    """Knocks at a port, or sends an echo request."""

    token = PING_MONITOR
    kind = "pingmonitor"
    results = "pingProbeResults"

    def refuse(self, call: Call) -> None:
        """A protocol of the service, and a port for TCP."""
        super().refuse(call)
        protocol = call.inputs["protocol"]
        require(protocol in {"ICMP", "TCP"}, 400, "InvalidParameter", f"protocol: {protocol!r} is none of ICMP, TCP")
        require(protocol == "ICMP" or call.get("port"), 400, "InvalidParameter", "port: TCP needs one")


def _refuse_target(target: str) -> None:
    try:
        ip_address(target)
    except ValueError as error:
        if not matches(_NAME, target):
            raise invalid(f"targets: {target!r} is neither an address nor a host name") from error


MODELS: tuple[Model, ...] = (HttpMonitor(), PingMonitor())
