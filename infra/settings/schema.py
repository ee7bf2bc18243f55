"""The shape of a stack file: which keys there are at each level, and what type each has.

Reads the whole tree, reports whatever is not in shape, and puts an empty text where nothing could be read, so that what
can be judged is judged all the same. `broken` holds the paths of those places: a judgement that rests on one is worth
nothing. There is no default for anything that places data.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from infra.residency.access_request import AccessLimitsRequest, AccessRequest, GroupRequest
from infra.residency.deployment import (
    AgentRequest,
    DatasetRequest,
    DeploymentRequest,
    ExportRequest,
    OciRegionRequest,
    OciRequest,
    SiteRequest,
    TransferRequest,
)
from infra.residency.findings import Finding, Refusal, Rule, did_you_mean, nearest
from infra.residency.traffic_request import (
    EdgeRequest,
    HostnameRequest,
    TrafficLimitsRequest,
    TrafficRequest,
)
from infra.settings.tree import DEPLOYMENT, Broken, Entry, Items, Kind, Map, Node, Scalar, child

_KEY = "usdata:deployment"
_TOP = ("config",)
_TOP_OPTIONAL = ("encryptedkey", "encryptionsalt", "secretsprovider")

_REFUSED_ELSEWHERE = {
    "environment": "an imported environment could change what this file says from outside",
    "pulumi:disable-default-providers": "a stack that overrides it could take a provider from the environment",
}
"""Keys that Pulumi knows and this project refuses, and why."""


_PARSERS = "the two YAML parsers that read this file take it for different values"
_SCALAR_RULES = {Kind.DATE: Rule.UNQUOTED_DATE, Kind.AMBIGUOUS: Rule.AMBIGUOUS_SCALAR}


@dataclass(slots=True)
class Reader:
    """Reads nodes as what they should be.

    Attributes:
        findings: what is not in shape, in the order of reading.
        broken: paths of values that could not be read.
        lines: 1-based line of each path's key.
    """

    findings: list[Finding] = field(default_factory=list[Finding])
    broken: set[str] = field(default_factory=set[str])
    lines: dict[str, int] = field(default_factory=dict[str, int])

    def stack_file(self, root: Node) -> DeploymentRequest:
        """The deployment value of a stack file."""
        top = self._fields(root, "", required=_TOP, optional=_TOP_OPTIONAL)
        for key in _TOP_OPTIONAL:
            self._optional_text(top, "", key)
        config = self._fields(top["config"], "config", required=(_KEY,))
        return self._deployment(config[_KEY])

    def _deployment(self, node: Node) -> DeploymentRequest:
        path = DEPLOYMENT
        fields = self._fields(
            node, path, required=("organization", "oci", "datasets", "legacy"), optional=("traffic", "access")
        )
        legacy = self._fields(fields["legacy"], "legacy", required=("sites",), optional=("signers",))
        return DeploymentRequest(
            organization=self._text(fields, path, "organization"),
            oci=self._oci(fields["oci"]),
            datasets={
                name: self._dataset(entry.value, child("datasets", name))
                for name, entry in self._entries(fields["datasets"], "datasets").items()
            },
            sites={
                name: self._site(entry.value, child("legacy.sites", name))
                for name, entry in self._entries(legacy["sites"], "legacy.sites").items()
            },
            signers=self._texts(legacy["signers"], "legacy.signers") if "signers" in legacy else {},
            traffic=self._traffic(fields["traffic"], "traffic") if "traffic" in fields else None,
            access=self._access(fields["access"], "access") if "access" in fields else None,
        )

    def _access(self, node: Node, path: str) -> AccessRequest:
        fields = self._fields(node, path, required=("networks", "groups"), optional=("limits",))
        networks, groups, limits_path = (child(path, key) for key in ("networks", "groups", "limits"))
        limits = AccessLimitsRequest()
        if "limits" in fields:
            given = self._fields(fields["limits"], limits_path, optional=("policies", "groups", "networks"))
            limits = AccessLimitsRequest(
                policies=self._whole_or(given, limits_path, "policies", limits.policies),
                groups=self._whole_or(given, limits_path, "groups", limits.groups),
                networks=self._whole_or(given, limits_path, "networks", limits.networks),
            )
        return AccessRequest(
            networks={
                name: self._texts(entry.value, child(networks, name))
                for name, entry in self._entries(fields["networks"], networks).items()
            },
            groups={
                name: self._group(entry.value, child(groups, name))
                for name, entry in self._entries(fields["groups"], groups).items()
            },
            limits=limits,
        )

    def _group(self, node: Node, path: str) -> GroupRequest:
        fields = self._fields(node, path, required=("duty", "network"))
        return GroupRequest(duty=self._text(fields, path, "duty"), network=self._text(fields, path, "network"))

    def _traffic(self, node: Node, path: str) -> TrafficRequest:
        optional = ("ttl", "probeInterval", "ipv6", "records", "limits")
        fields = self._fields(node, path, required=("zone", "edges", "hostnames"), optional=optional)
        plain = TrafficRequest(zone=self._text(fields, path, "zone"), edges={}, hostnames={})
        edges, hostnames, records = (child(path, key) for key in ("edges", "hostnames", "records"))
        limits, limits_path = TrafficLimitsRequest(), child(path, "limits")
        if "limits" in fields:
            given = self._fields(fields["limits"], limits_path, optional=("policies", "attachments"))
            limits = TrafficLimitsRequest(
                policies=self._whole_or(given, limits_path, "policies", limits.policies),
                attachments=self._whole_or(given, limits_path, "attachments", limits.attachments),
            )
        return TrafficRequest(
            zone=plain.zone,
            ttl=self._whole_or(fields, path, "ttl", plain.ttl),
            probe_interval=self._whole_or(fields, path, "probeInterval", plain.probe_interval),
            ipv6=self._flag(fields, path, "ipv6") if "ipv6" in fields else plain.ipv6,
            edges={
                name: self._edge(entry.value, child(edges, name))
                for name, entry in self._entries(fields["edges"], edges).items()
            },
            hostnames={
                name: self._hostname(entry.value, child(hostnames, name))
                for name, entry in self._entries(fields["hostnames"], hostnames).items()
            },
            records={
                name: {
                    kind: self._texts(texts.value, child(child(records, name), kind))
                    for kind, texts in self._entries(entry.value, child(records, name)).items()
                }
                for name, entry in (self._entries(fields["records"], records).items() if "records" in fields else ())
            },
            limits=limits,
        )

    def _edge(self, node: Node, path: str) -> EdgeRequest:
        fields = self._fields(node, path, required=("certificateId", "authorityId", "backendPort", "backends"))
        return EdgeRequest(
            certificate_id=self._text(fields, path, "certificateId"),
            authority_id=self._text(fields, path, "authorityId"),
            backend_port=self._whole(fields, path, "backendPort"),
            backends=self._texts(fields["backends"], child(path, "backends")),
        )

    def _hostname(self, node: Node, path: str) -> HostnameRequest:
        fields = self._fields(node, path, required=("health",), optional=("weights", "others"))
        weights, shares = child(path, "weights"), self._map_in(fields, path, "weights")
        return HostnameRequest(
            health=self._text(fields, path, "health"),
            weights={region: self._whole(shares, weights, region) for region in shares},
            others=self._optional_text(fields, path, "others"),
        )

    def _texts(self, node: Node, path: str) -> dict[str, str]:
        """A map of texts with keys of the user's own."""
        nodes = {key: entry.value for key, entry in self._entries(node, path).items()}
        return {key: self._text(nodes, path, key) for key in nodes}

    def _map_in(self, fields: dict[str, Node], path: str, key: str) -> dict[str, Node]:
        """The values of an optional map with keys of the user's own."""
        if key not in fields:
            return {}
        return {name: entry.value for name, entry in self._entries(fields[key], child(path, key)).items()}

    def _oci(self, node: Node) -> OciRequest:
        path = "oci"
        fields = self._fields(
            node, path, required=("tenancyId", "homeRegion", "objectStorageNamespace", "auth", "regions")
        )
        auth = self._fields(fields["auth"], "oci.auth", required=("method",), optional=("profile",))
        return OciRequest(
            tenancy_id=self._text(fields, path, "tenancyId"),
            home_region=self._text(fields, path, "homeRegion"),
            object_storage_namespace=self._text(fields, path, "objectStorageNamespace"),
            auth=self._text(auth, "oci.auth", "method"),
            profile=self._optional_text(auth, "oci.auth", "profile"),
            regions={
                name: self._region(entry.value, child("oci.regions", name))
                for name, entry in self._entries(fields["regions"], "oci.regions").items()
            },
        )

    def _region(self, node: Node, path: str) -> OciRegionRequest:
        fields = self._fields(node, path, required=("role", "cidr", "serviceId"))
        return OciRegionRequest(
            role=self._text(fields, path, "role"),
            cidr=self._text(fields, path, "cidr"),
            service_id=self._text(fields, path, "serviceId"),
        )

    def _dataset(self, node: Node, path: str) -> DatasetRequest:
        fields = self._fields(node, path, optional=("class", "shards", "reason", "expires", "export"))
        export: ExportRequest | None = None
        if "export" in fields:
            parts = self._fields(fields["export"], child(path, "export"), required=("name", "group"))
            export = ExportRequest(
                name=self._text(parts, child(path, "export"), "name"),
                group=self._text(parts, child(path, "export"), "group"),
            )
        return DatasetRequest(
            data_class=self._optional_text(fields, path, "class"),
            shards=self._whole(fields, path, "shards") if "shards" in fields else 1,
            reason=self._optional_text(fields, path, "reason"),
            expires=self._optional_text(fields, path, "expires"),
            export=export,
        )

    def _site(self, node: Node, path: str) -> SiteRequest:
        fields = self._fields(
            node,
            path,
            required=("region", "accountId", "deployerRole", "phase", "expires"),
            optional=("adopt", "operatorRole", "extension", "confirmCensus", "transfer"),
        )
        adopt = child(path, "adopt")
        adopted = self._entries(fields["adopt"], adopt) if "adopt" in fields else {}
        buckets = {dataset: entry.value for dataset, entry in adopted.items()}
        return SiteRequest(
            region=self._text(fields, path, "region"),
            account_id=self._text(fields, path, "accountId"),
            deployer_role=self._text(fields, path, "deployerRole"),
            phase=self._text(fields, path, "phase"),
            expires=self._text(fields, path, "expires"),
            adopt={dataset: self._text(buckets, adopt, dataset) for dataset in buckets},
            operator_role=self._optional_text(fields, path, "operatorRole"),
            extension=self._optional_text(fields, path, "extension"),
            confirm_census=self._optional_text(fields, path, "confirmCensus"),
            transfer=self._transfer(fields["transfer"], child(path, "transfer")) if "transfer" in fields else None,
        )

    def _transfer(self, node: Node, path: str) -> TransferRequest:
        fields = self._fields(node, path, required=("keyGeneration", "agents"))
        agents = child(path, "agents")
        return TransferRequest(
            key_generation=self._whole(fields, path, "keyGeneration"),
            agents={
                name: self._agent(entry.value, child(agents, name))
                for name, entry in self._entries(fields["agents"], agents).items()
            },
        )

    def _agent(self, node: Node, path: str) -> AgentRequest:
        fields = self._fields(node, path, required=("arn", "address"))
        return AgentRequest(arn=self._text(fields, path, "arn"), address=self._text(fields, path, "address"))

    def _fields(
        self, node: Node, path: str, *, required: tuple[str, ...] = (), optional: tuple[str, ...] = ()
    ) -> dict[str, Node]:
        """The values of a map with fixed keys: all required ones, and the optional ones that are there."""
        entries = self._entries(node, path)
        known = (*required, *optional)
        free = [name for name in known if name not in entries]
        fields: dict[str, Node] = {key: entry.value for key, entry in entries.items() if key in known}
        for key, entry in entries.items():
            if key in known or entry.refused:
                continue
            unknown = Refusal(
                given=key,
                allowed=", ".join(known),
                why=_REFUSED_ELSEWHERE.get(key, ""),
                fix=did_you_mean(key, free, "remove it"),
            )
            self._report(unknown.at(child(path, key), Rule.UNKNOWN_KEY), entry.line)
            meant = nearest(key, free)
            if meant is not None:
                fields.setdefault(meant, Broken(line=entry.line))
        unreadable = covered(path, self.broken) or any(entry.refused for entry in entries.values())
        around = self.lines.get(path, node.line)
        for key in required:
            if key not in fields and not unreadable:
                missing = Refusal(given="nothing", allowed=f"the key {key}", fix=f"add {key}: …")
                self._report(missing.at(child(path, key), Rule.MISSING_KEY), around)
            fields.setdefault(key, Broken(line=node.line))
        return fields

    def _entries(self, node: Node, path: str) -> dict[str, Entry]:
        """The entries of a map; none, and a finding, where it is no map or an empty one."""
        match node:
            case Map(entries=entries) if entries:
                self.lines.update({child(path, key): entry.line for key, entry in entries.items()})
                return entries
            case Map():
                empty = Refusal(given="an empty map", allowed="at least one entry", fix="add one, or remove the key")
                self._unreadable(empty.at(path, Rule.EMPTY_MAP), node)
            case Items():
                items = Refusal(
                    given="a list",
                    allowed="a map",
                    why="an entry is known by its name, which stays when another comes or goes",
                    fix="write name: value for each entry",
                )
                self._unreadable(items.at(path, Rule.WRONG_TYPE), node)
            case Scalar():
                scalar = Refusal(given=_given(node), allowed="a map", fix="write key: value lines below it")
                self._unreadable(scalar.at(path, Rule.WRONG_TYPE), node)
            case Broken():
                self.broken.add(path)
        return {}

    def _optional_text(self, fields: dict[str, Node], path: str, key: str) -> str | None:
        return self._text(fields, path, key) if key in fields else None

    def _text(self, fields: dict[str, Node], path: str, key: str) -> str:
        node, here = fields[key], child(path, key)
        match node:
            case Scalar(kind=Kind.TEXT, text=text):
                return text
            case Scalar(kind=kind, text=text):
                scalar = Refusal(
                    given=_given(node),
                    allowed="a date in quotes" if kind is Kind.DATE else "a text",
                    why=_PARSERS if kind in _SCALAR_RULES else "",
                    fix=f'write "{text}", in quotes' if text else "write its value",
                )
                self._unreadable(scalar.at(here, _SCALAR_RULES.get(kind, Rule.WRONG_TYPE)), node)
            case Map() | Items():
                value = Refusal(given=_given(node), allowed="a text", fix="write its value")
                self._unreadable(value.at(here, Rule.WRONG_TYPE), node)
            case Broken():
                self.broken.add(here)
        return ""

    def _whole(self, fields: dict[str, Node], path: str, key: str) -> int:
        node, here = fields[key], child(path, key)
        match node:
            case Scalar(kind=Kind.WHOLE, text=text):
                return int(text)
            case Scalar(kind=Kind.AMBIGUOUS):
                scalar = Refusal(given=_given(node), allowed="a whole number", why=_PARSERS, fix="write it like 4")
                self._unreadable(scalar.at(here, Rule.AMBIGUOUS_SCALAR), node)
            case Scalar() | Map() | Items():
                value = Refusal(given=_given(node), allowed="a whole number, not in quotes", fix="write it like 4")
                self._unreadable(value.at(here, Rule.WRONG_TYPE), node)
            case Broken():
                self.broken.add(here)
        return 1

    def _whole_or(self, fields: dict[str, Node], path: str, key: str, otherwise: int) -> int:
        return self._whole(fields, path, key) if key in fields else otherwise

    def _flag(self, fields: dict[str, Node], path: str, key: str) -> bool:
        node, here = fields[key], child(path, key)
        match node:
            case Scalar(kind=Kind.BOOLEAN, text=text):
                return text.lower() == "true"
            case Scalar() | Map() | Items():
                value = Refusal(given=_given(node), allowed="true or false, not in quotes", fix="write true or false")
                self._unreadable(value.at(here, Rule.WRONG_TYPE), node)
            case Broken():
                self.broken.add(here)
        return False

    def _unreadable(self, finding: Finding, node: Node) -> None:
        """Reports a value that cannot be read."""
        self.broken.add(finding.path)
        self._report(finding, node.line)

    def _report(self, finding: Finding, line: int) -> None:
        """Reports with the line of the key where there is one, since a value may begin below it."""
        self.findings.append(replace(finding, line=self.lines.get(finding.path, line)))


def covered(path: str, broken: Iterable[str]) -> bool:
    """Whether a path is one of the broken ones, or lies inside one."""
    return any(place in {path, DEPLOYMENT, "config", ""} or path.startswith(f"{place}.") for place in broken)


def _given(node: Scalar | Map | Items) -> str:
    match node:
        case Scalar(kind=Kind.TEXT, text=text):
            return f"{text or 'an empty text'}, a text"
        case Scalar(kind=Kind.NOTHING):
            return Kind.NOTHING.value
        case Scalar(kind=kind, text=text):
            return f"{text}, {kind.value}"
        case Items():
            return "a list"
        case Map():
            return "a map"
