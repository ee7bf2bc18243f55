"""Health checks: monitors that probe public addresses from outside."""

from ipaddress import ip_address

from infra.sandbox.dns.tokens import MONITOR
from infra.sandbox.model import Call, Model, matches, require
from infra.sandbox.oci.base import OciModel, invalid
from infra.sandbox.values import Json

_INTERVALS = (10, 30, 60)
_TIMEOUTS = (10, 20, 30, 60)
_DEFAULT_TIMEOUT = 30
_LAST_PORT = 65535
_NAME = r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"


class HttpMonitor(OciModel):
    """Probes targets over HTTP; a service for the whole tenancy."""

    token = MONITOR
    kind = "httpmonitor"
    state = None
    account_wide = True

    def refuse(self, call: Call) -> None:
        """Intervals and timeouts that the service offers, targets that are addresses or names, an absolute path."""
        interval, timeout = call.inputs["intervalInSeconds"], call.get("timeoutInSeconds")
        require(
            interval in _INTERVALS, 400, "InvalidParameter", f"intervalInSeconds: {interval} is none of {_INTERVALS}"
        )
        if timeout is not None:
            require(
                timeout in _TIMEOUTS, 400, "InvalidParameter", f"timeoutInSeconds: {timeout} is none of {_TIMEOUTS}"
            )
            require(
                timeout <= interval, 400, "InvalidParameter", f"timeoutInSeconds: {timeout} is longer than the interval"
            )
        targets = call.inputs["targets"]
        require(targets, 400, "InvalidParameter", "targets: at least one is needed")
        for target in targets:
            _refuse_target(target)
        path = call.get("path", "/")
        require(matches(r"/[^\s#]*", path), 400, "InvalidParameter", f"path: {path!r} is no absolute path")
        port = call.get("port", 1)
        require(1 <= port <= _LAST_PORT, 400, "InvalidParameter", f"port: {port}")

    def outputs(self, call: Call, id_: str) -> Json:
        """What was left out, and where results are."""
        filled: Json = {
            "headers": {},
            "homeRegion": call.place.region,
            "isEnabled": True,
            "method": "HEAD",
            "path": "/",
            "port": 443 if call.inputs["protocol"] == "HTTPS" else 80,
            "resultsUrl": f"https://healthchecks.{call.place.region}.oraclecloud.com/20180501/httpProbeResults/{id_}",
            "timeoutInSeconds": min(_DEFAULT_TIMEOUT, call.inputs["intervalInSeconds"]),
            "vantagePointNames": [],
        }
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}


def _refuse_target(target: str) -> None:
    try:
        ip_address(target)
    except ValueError as error:
        if not matches(_NAME, target):
            raise invalid(f"targets: {target!r} is neither an address nor a host name") from error


MODELS: tuple[Model, ...] = (HttpMonitor(),)
