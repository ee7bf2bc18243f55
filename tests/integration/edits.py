"""Edits that a person can make to the sandbox's stack file: one or more for each key that `stacks/README.md` names.

An edit is a map from paths to values; `None` takes a key away. Paths are written with `/`, since hostnames have dots.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.support import custody

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Edit: TypeAlias = "dict[str, Any]"

_SPARE = {"role": "spare", "cidr": "10.18.0.0/16", "serviceId": "ocid1.service.oc1.us-chicago-1.aaaaaaaasandbox"}
_EDGE = {
    "certificateId": "ocid1.certificate.oc1.us-chicago-1.aaaaaaaasandbox",
    "authorityId": "ocid1.cabundle.oc1.us-chicago-1.aaaaaaaasandbox",
    "backendPort": 8443,
    "backends": {"app-1": "10.18.32.10"},
}
_STATE = {
    "region": "us-ashburn-1",
    "compartmentId": "ocid1.compartment.oc1..aaaaaaaastate",
    "passphraseId": "ocid1.vaultsecret.oc1.iad.aaaaaaaastate",
}
_DOMAIN = {
    "url": "https://idcs-0123456789abcdef0123456789abcdef.identity.oraclecloud.com",
    "clientId": "0123456789abcdef0123456789abcdef",
    "userId": "123456789abcdef0123456789abcdef0",
}
_TRUST = "d61ad7b082362bf90c6410e477978c5c"
"""The id that the simulated cloud gives to that domain's trust."""

_CI = {
    "issuer": "https://token.actions.githubusercontent.com",
    "repository": "example-org/usdata",
    "environments": {"deploys": "production", "moves": "phase-move", "reviews": "review"},
    "domain": _DOMAIN,
}
_ORGANIZATION = {"id": "o-a1b2c3d4e5", "accountId": "999999999999", "deployerRole": "usdata-deployer"}
_JOBS = {"oci/auth": {"method": "SecurityToken", "profile": "sandbox"}}
_PHOENIX = "traffic/edges/us-phoenix-1"


def _outside(*path: str, value: Any = None) -> Edit:
    """The keys are held outside Oracle, with another value at a path: as a new stack may begin."""
    keys = deepcopy(custody.KEYS)
    place: Any = keys
    for name in path[:-1]:
        place = place[name]
    if path:
        place[path[-1]] = value
    return {"keys": keys}


_MANAGER = ("external", "regions", "us-phoenix-1")


def transfer(generation: int, agent: str, address: str) -> dict[str, Any]:
    """A transfer of the sandbox's site in Virginia, through one agent."""
    arn = f"arn:aws:datasync:us-east-1:111111111111:agent/agent-0123456789abcdef{agent}"
    return {"keyGeneration": generation, "agents": {"agent-1": {"arn": arn, "address": address}}}


def restore(**changes: str) -> dict[str, str]:
    """A restore at the sandbox's site in Virginia, with changes."""
    return {"role": "restorers", "network": "us-office", "dataset": "profiles", "until": "2026-12-10", **changes}


EDITS: dict[str, Edit] = {
    "organization": {"organization": "usdx"},
    "oci.tenancyId": {"oci/tenancyId": "ocid1.tenancy.oc1..aaaaaaaaanother"},
    "oci.homeRegion": {"oci/homeRegion": "us-phoenix-1"},
    "oci.objectStorageNamespace": {"oci/objectStorageNamespace": "axother"},
    "oci.auth.method": {"oci/auth": {"method": "InstancePrincipal"}},
    "oci.auth.profile": {"oci/auth/profile": "other"},
    "oci.regions.<region>": {"oci/regions/us-chicago-1": _SPARE},
    "oci.regions.<region>.role": {
        "oci/regions/us-ashburn-1/role": "standby", "oci/regions/us-phoenix-1/role": "primary"
    },
    "oci.regions.<region>.cidr": {
        "oci/regions/us-phoenix-1/cidr": "10.19.0.0/16",
        f"{_PHOENIX}/backends": {"app-1": "10.19.32.10", "app-2": "10.19.32.11"},
    },
    "oci.regions.<region>.serviceId": {"oci/regions/us-phoenix-1/serviceId": "ocid1.service.oc1.phx.aaaaaaaaother"},
    "oci.failover": {"oci/failover": "frozen"},
    "datasets.<name>": {"datasets/messages": {"class": "protected"}},
    "datasets.<name> taken away": {"datasets/avatars": None},
    "datasets.<name>.class": {"datasets/profiles/class": "public"},
    "datasets.<name>.shards": {"datasets/videos/shards": 3},
    "datasets.<name>.reason": {"datasets/metrics/reason": "planning of capacity, worldwide"},
    "datasets.<name>.expires": {"datasets/metrics/expires": "2027-05-31"},
    "datasets.<name>.export.name": {"datasets/metrics/export/name": "planning"},
    "datasets.<name>.export.group": {"datasets/metrics/export/group": "planners"},
    "traffic": {"traffic": None},
    "traffic.zone": {"traffic/zone": "usa.example.com"},
    "traffic.ttl": {"traffic/ttl": 60},
    "traffic.probeInterval": {"traffic/probeInterval": 10},
    "traffic.ipv6": {"traffic/ipv6": True},
    "traffic.edges.<region>": {"oci/regions/us-chicago-1": _SPARE, "traffic/edges/us-chicago-1": _EDGE},
    "traffic.edges.<region>.certificateId": {f"{_PHOENIX}/certificateId": "ocid1.certificate.oc1.phx.aaaaaaaaother"},
    "traffic.edges.<region>.authorityId": {f"{_PHOENIX}/authorityId": "ocid1.cabundle.oc1.phx.aaaaaaaaother"},
    "traffic.edges.<region>.backendPort": {f"{_PHOENIX}/backendPort": 9443},
    "traffic.edges.<region>.backends.<name>": {f"{_PHOENIX}/backends/app-3": "10.17.32.12"},
    "traffic.hostnames.<label>": {"traffic/hostnames/live": {"health": "/healthz"}},
    "traffic.hostnames.<label> taken away": {"traffic/hostnames/api": None},
    "traffic.hostnames.<label>.health": {"traffic/hostnames/api/health": "/ready"},
    "traffic.hostnames.<label>.weights.<region>": {
        "traffic/hostnames/upload/weights": {"us-ashburn-1": 50, "us-phoenix-1": 50}
    },
    "traffic.hostnames.<label>.others": {"traffic/hostnames/api/others": "us-phoenix-1"},
    "traffic.records.<name>.<type>.<purpose>": {"traffic/records": {"@": {"TXT": {"no-mail": "v=spf1 -all"}}}},
    "traffic.limits.policies": {"traffic/limits": {"policies": 50, "attachments": 1000}},
    "traffic.limits.attachments": {"traffic/limits": {"policies": 100, "attachments": 500}},
    "access": {"access": None},
    "access.networks.<name>.<place>": {"access/networks/us-office/boise": "198.51.101.0/24"},
    "access.groups.<name>.duty added": {"access/groups/night-operators": {"duty": "storage", "network": "us-office"}},
    "access.groups.<name>.duty taken away": {"access/groups/auditors": None},
    "access.groups.<name>.duty": {"access/groups/auditors/duty": "storage"},
    "access.groups.<name>.network": {"access/groups/auditors/network": "runners"},
    "access.limits.policies": {"access/limits": {"policies": 80, "groups": 250, "networks": 10}},
    "access.limits.groups": {"access/limits": {"policies": 100, "groups": 200, "networks": 10}},
    "access.limits.networks": {"access/limits": {"policies": 100, "groups": 250, "networks": 9}},
    "state": {"state": _STATE},
    "state.region": {"state": {key: _STATE[key] for key in ("compartmentId",)} | {"region": "us-phoenix-1"}},
    "state.compartmentId": {"state": {**_STATE, "compartmentId": "ocid1.compartment.oc1..aaaaaaaaother"}},
    "state.passphraseId": {"state": {**_STATE, "passphraseId": "ocid1.vaultsecret.oc1.iad.aaaaaaaaother"}},
    "ci": {"ci": _CI, **_JOBS},
    "ci.issuer": {"ci": {**_CI, "issuer": f"{_CI['issuer']}/example-enterprise"}, **_JOBS},
    "ci.repository": {"ci": {**_CI, "repository": "example-org/other"}, **_JOBS},
    "ci.environments.<purpose>": {"ci": {**_CI, "environments": {**_CI["environments"], "reviews": "look"}}, **_JOBS},
    "ci.domain.url": {"ci": {**_CI, "domain": {**_DOMAIN, "url": _DOMAIN["url"].replace("idcs-0", "idcs-f")}}, **_JOBS},
    "ci.domain.clientId": {"ci": {**_CI, "domain": {**_DOMAIN, "clientId": "f" * 32}}, **_JOBS},
    "ci.domain.userId": {"ci": {**_CI, "domain": {**_DOMAIN, "userId": "f" * 32}}, **_JOBS},
    "ci.domain.trustId": {"ci": {**_CI, "domain": {**_DOMAIN, "trustId": _TRUST}}, **_JOBS},
    "guardrails": {"guardrails": None},
    "guardrails.detectorRecipes.<kind>": {
        "guardrails/detectorRecipes/threat": "ocid1.cloudguarddetectorrecipe.oc1.iad.aaaaaaaaother"
    },
    "guardrails.securityPolicies.<name>": {
        "guardrails/securityPolicies/public_buckets": "ocid1.securityzonessecuritypolicy.oc1..aaaaaaaaother"
    },
    "guardrails.packetRouting": {"guardrails/packetRouting": "enforced"},
    "guardrails.packetRouting retired": {"guardrails/packetRouting": "retired"},
    "guardrails.denyStatements": {"guardrails/denyStatements": True},
    "legacy.organization": {"legacy/organization": _ORGANIZATION},
    "legacy.organization.id": {"legacy/organization": {**_ORGANIZATION, "id": "o-another0000"}},
    "legacy.organization.accountId": {"legacy/organization": {**_ORGANIZATION, "accountId": "888888888888"}},
    "legacy.organization.deployerRole": {"legacy/organization": {**_ORGANIZATION, "deployerRole": "other-deployer"}},
    "legacy.organization.otherPolicies": {"legacy/organization": {**_ORGANIZATION, "otherPolicies": 3}},
    "keys.vault": {"keys": {"vault": "private"}},
    "keys.rotationDays": {"keys": {"rotationDays": 90}},
    "keys.vault external": _outside(),
    "keys.external": {"keys": {"vault": "external"}},
    "keys.external.holder": _outside("external", "holder", value="Other Custody LLC"),
    "keys.external.heldIn": _outside("external", "heldIn", value="DE"),
    "keys.external.domain": _outside(
        "external", "domain", value="https://idcs-f123456789abcdef0123456789abcdef.identity.oraclecloud.com"
    ),
    "keys.external.clientId": _outside("external", "clientId", value="f" * 32),
    "keys.external.regions.<region>": {
        "oci/regions/us-chicago-1": _SPARE,
        **_outside("external", "regions", "us-chicago-1", value=custody.manager(2, "us-chicago-1")),
    },
    "keys.external.regions.<region>.vaultUrl": _outside(*_MANAGER, "vaultUrl", value="https://keys.example.com/v2/1"),
    "keys.external.regions.<region>.address": _outside(*_MANAGER, "address", value="192.168.21.10"),
    "keys.external.regions.<region>.port": _outside(*_MANAGER, "port", value=8443),
    "keys.external.regions.<region>.authority": _outside(*_MANAGER, "authority", value=custody.AUTHORITY * 2),
    "keys.external.regions.<region>.keys.<class>": _outside(
        *_MANAGER, "keys", "public", value="ffffffff-0000-4000-8000-000000000000"
    ),
    "audit": {"audit": None},
    "audit.retentionDays": {"audit/retentionDays": 400},
    "audit.retentionDays shortened": {"audit/retentionDays": 364},
    "audit.lockOn": {"audit/lockOn": "2027-05-31"},
    "audit.archive.accountId": {"audit/archive/accountId": "555555555555"},
    "audit.archive.accountId of a site": {"audit/archive/accountId": "111111111111"},
    "audit.archive.deployerRole": {"audit/archive/deployerRole": "log-deployer"},
    "audit.subscribers.<name>": {"audit/subscribers/compliance": "compliance@example.com"},
    "audit.sealedUsers.<name>": {"audit/sealedUsers": {"first": "ocid1.user.oc1..aaaaaaaasandbox"}},
    "legacy.sites.<name>": {
        "legacy/sites/ohio": {
            "region": "us-east-1", "accountId": "333333333333", "deployerRole": "usdata-deployer", "phase": "backup",
            "expires": "2027-03-31",
        }
    },
    "legacy.sites.<name> taken away": {"legacy/sites/singapore": None},
    "legacy.sites.<name>.region": {
        "legacy/sites/virginia/region": "ap-southeast-1", "legacy/sites/singapore/region": "us-east-1"
    },
    "legacy.sites.<name>.accountId": {"legacy/sites/virginia/accountId": "333333333333"},
    "legacy.sites.<name>.deployerRole": {"legacy/sites/virginia/deployerRole": "other-deployer"},
    "legacy.sites.<name>.phase": {
        "legacy/sites/virginia/phase": "drain", "legacy/sites/virginia/operatorRole": "usdata-operator"
    },
    "legacy.sites.<name>.phase without receipts": {
        "legacy/sites/virginia/phase": "wipe", "legacy/sites/virginia/operatorRole": "usdata-operator"
    },
    "legacy.sites.<name>.expires": {"legacy/sites/virginia/expires": "2027-02-28"},
    "legacy.sites.<name>.extension": {
        "legacy/sites/virginia/expires": "2027-04-30", "legacy/sites/virginia/extension": "the comparison takes longer"
    },
    "legacy.sites.<name>.operatorRole": {"legacy/sites/virginia/operatorRole": "usdata-operator"},
    "legacy.sites.<name>.confirmCensus": {"legacy/sites/virginia/confirmCensus": "5a1e90c2"},
    "legacy.sites.<name>.transfer.keyGeneration": {"legacy/sites/virginia/transfer": transfer(2, "0", "8.8.8.8")},
    "legacy.sites.<name>.transfer.agents.<name>.arn": {"legacy/sites/virginia/transfer": transfer(1, "1", "8.8.8.8")},
    "legacy.sites.<name>.transfer.agents.<name>.address": {
        "legacy/sites/virginia/transfer": transfer(1, "0", "8.8.4.4")
    },
    "legacy.sites.<name>.restore.role": {"legacy/sites/virginia/restore": restore()},
    "legacy.sites.<name>.restore.network": {"legacy/sites/virginia/restore": restore(network="runners")},
    "legacy.sites.<name>.restore.dataset": {"legacy/sites/virginia/restore": restore(dataset="videos")},
    "legacy.sites.<name>.restore.until": {"legacy/sites/virginia/restore": restore(until="2026-12-01")},
    "legacy.signers.<name>": {"legacy/signers": {"security": "A" * 43 + "="}},
    "legacy.sites.<name>.adopt.<dataset>": {
        "datasets/messages": {"class": "protected"},
        "legacy/sites/singapore/adopt": {"messages": "tt-sg-messages-backup"},
    },
}  # fmt: skip
"""Edits by the key that each is about, all from the stack file as it is shipped."""

TOGETHER = (
    "oci.regions.<region>",
    "oci.regions.<region>.serviceId",
    "datasets.<name>.class",
    "datasets.<name>.shards",
    "datasets.<name>.export.group",
    "traffic.edges.<region>",
    "traffic.hostnames.<label>",
    "traffic.hostnames.<label>.weights.<region>",
    "traffic.ttl",
    "legacy.sites.<name>",
    "legacy.sites.<name>.deployerRole",
    "legacy.sites.<name>.adopt.<dataset>",
)
"""Edits that can be made at once: a region, datasets, a site and an adopted bucket added; updates; replacements."""


def edited(deployment: Mapping[str, Any], *edits: Edit) -> dict[str, Any]:
    """The value of the stack file after edits."""
    changed = deepcopy(dict(deployment))
    for edit in edits:
        for path, value in edit.items():
            *parents, last = path.split("/")
            place = changed
            for parent in parents:
                place = place[parent]
            if value is None:
                del place[last]
            else:
                place[last] = deepcopy(value)
    return changed


def documented_keys(readme: Path) -> set[str]:
    """The keys in the table of `stacks/README.md`."""
    table = re.search(r"^## Keys$(.+?)^## ", readme.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert table is not None
    keys: set[str] = set()
    for row in re.findall(r"^\| (`[^|]+`) \|", table[1], re.MULTILINE):
        first, *others = re.findall(r"`([^`]+)`", row)
        keys |= {first, *(first.rpartition(".")[0] + other for other in others)}
    return keys
