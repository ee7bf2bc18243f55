"""Web application firewalls: policies, and what puts one in front of a load balancer.

Nothing passes through them here; conditions (JMESPath) and protection capabilities are stored unread.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from infra.sandbox.dns.tokens import LOAD_BALANCER
from infra.sandbox.model import Call, Model, Reference, require
from infra.sandbox.oci.base import OciModel, conflict
from infra.sandbox.values import Json, is_array, is_object

POLICY = "oci:Waf/appFirewallPolicy:AppFirewallPolicy"
FIREWALL = "oci:Waf/appFirewall:AppFirewall"

_STAGES = (
    "requestAccessControl",
    "requestProtection",
    "requestRateLimiting",
    "responseAccessControl",
    "responseProtection",
)


class Policy(OciModel):
    """Named actions and the rules that take them."""

    token = POLICY
    kind = "webappfirewallpolicy"
    default_name = "webappfirewallpolicy"

    def refuse(self, call: Call) -> None:
        """Actions with names of their own, and no rule that takes one which is not there."""
        actions = [action["name"] for action in call.get("actions", [])]
        require(len(set(actions)) == len(actions), 400, "InvalidParameter", "actions: names must be unique")
        for stage in _STAGES:
            for name in sorted(set(_named(call.get(stage)))):
                require(name in actions, 400, "InvalidParameter", f"{stage}: there is no action {name!r}")

    def outputs(self, call: Call, id_: str) -> Json:
        """Rules that were left out are empty."""
        return super().outputs(call, id_) | _stamps(call) | ({} if "actions" in call.inputs else {"actions": []})

    volatile = frozenset({"timeUpdated"})


def _stamps(call: Call) -> Json:
    return {"lifecycleDetails": "", "systemTags": {}, "timeUpdated": call.timestamp()}


def _named(value: Any) -> Iterator[str]:
    """Every action that something inside takes."""
    if is_object(value):
        for key, inside in value.items():
            if key.lower().endswith("actionname"):
                yield inside
            yield from _named(inside)
    elif is_array(value):
        for item in value:
            yield from _named(item)


class Firewall(OciModel):
    """A policy in front of a load balancer."""

    token = FIREWALL
    kind = "webappfirewall"
    default_name = "webappfirewall"
    references: ClassVar = (
        Reference(path="loadBalancerId", to=(LOAD_BALANCER,)),
        Reference(path="webAppFirewallPolicyId", to=(POLICY,)),
    )

    def refuse(self, call: Call) -> None:
        """One for a load balancer."""
        if call.neighbours(FIREWALL, loadBalancerId=call.inputs["loadBalancerId"]):
            raise conflict(f"{call.inputs['loadBalancerId']} has a firewall already")

    def outputs(self, call: Call, id_: str) -> Json:
        """When it changed last."""
        return super().outputs(call, id_) | _stamps(call)

    volatile = frozenset({"timeUpdated"})


MODELS: tuple[Model, ...] = (Policy(), Firewall())
