"""The shape of a stack file: which keys there are at each level, and what type each has.

How a field is read, and what is said where one is not in shape, is in `fields`. There is no default for anything that
places data.
"""

from dataclasses import replace

from infra.residency.access_request import AccessLimitsRequest, AccessRequest, GroupRequest
from infra.residency.audit_request import ArchiveRequest, AuditRequest
from infra.residency.ci_request import CiRequest, DomainRequest
from infra.residency.deployment import (
    AgentRequest,
    ControlRequest,
    DatasetRequest,
    DeploymentRequest,
    ExportRequest,
    OciRegionRequest,
    OciRequest,
    RestoreRequest,
    SiteRequest,
    TransferRequest,
)
from infra.residency.guardrails_request import GuardrailsRequest
from infra.residency.keys_request import ExternalKeysRequest, KeyManagerRequest, KeysRequest
from infra.residency.state_home import StateRequest
from infra.residency.traffic_request import (
    EdgeRequest,
    HostnameRequest,
    TrafficLimitsRequest,
    TrafficRequest,
)
from infra.settings.fields import FieldReader
from infra.settings.tree import DEPLOYMENT, Node, child

_KEY = "usdata:deployment"
KEY_MANAGER_SECRET = "usdata:keyManagerSecret"  # noqa: S105 - the key that it stands under
"""The one value beside the deployment: a secret, encrypted with the stack's passphrase. Nothing here opens it."""
_TOP = ("config",)
_SALT = "encryptionsalt"
_TOP_OPTIONAL = ("encryptedkey", _SALT, "secretsprovider")


class Reader(FieldReader):
    """Reads a stack file."""

    def stack_file(self, root: Node) -> DeploymentRequest:
        """The deployment value of a stack file."""
        top = self._fields(root, "", required=_TOP, optional=_TOP_OPTIONAL)
        for key in _TOP_OPTIONAL:
            self._optional_text(top, "", key)
        config = self._fields(top["config"], "config", required=(_KEY,), optional=(KEY_MANAGER_SECRET,))
        request = self._deployment(config[_KEY])
        if KEY_MANAGER_SECRET not in config:
            return request
        self._encrypted(config[KEY_MANAGER_SECRET], child("config", KEY_MANAGER_SECRET), salted=_SALT in top)
        return replace(request, keys=replace(request.keys, client_secret=True))

    def _deployment(self, node: Node) -> DeploymentRequest:
        path = DEPLOYMENT
        fields = self._fields(
            node,
            path,
            required=("organization", "oci", "datasets", "legacy"),
            optional=("traffic", "access", "guardrails", "keys", "state", "audit", "ci"),
        )
        legacy = self._fields(fields["legacy"], "legacy", required=("sites",), optional=("organization", "signers"))
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
            control=self._control(legacy["organization"]) if "organization" in legacy else None,
            signers=self._texts(legacy["signers"], "legacy.signers") if "signers" in legacy else {},
            traffic=self._traffic(fields["traffic"], "traffic") if "traffic" in fields else None,
            access=self._access(fields["access"], "access") if "access" in fields else None,
            guardrails=self._guardrails(fields["guardrails"], "guardrails") if "guardrails" in fields else None,
            keys=self._keys(fields["keys"], "keys") if "keys" in fields else KeysRequest(),
            state=self._state(fields["state"], "state") if "state" in fields else None,
            audit=self._audit(fields["audit"], "audit") if "audit" in fields else None,
            ci=self._ci(fields["ci"], "ci") if "ci" in fields else None,
        )

    def _ci(self, node: Node, path: str) -> CiRequest:
        fields = self._fields(node, path, required=("issuer", "repository", "environments", "domain"))
        inner = child(path, "domain")
        domain = self._fields(fields["domain"], inner, required=("url", "clientId", "userId"), optional=("trustId",))
        return CiRequest(
            issuer=self._text(fields, path, "issuer"),
            repository=self._text(fields, path, "repository"),
            environments=self._texts(fields["environments"], child(path, "environments")),
            domain=DomainRequest(
                url=self._text(domain, inner, "url"),
                client_id=self._text(domain, inner, "clientId"),
                user_id=self._text(domain, inner, "userId"),
                trust_id=self._optional_text(domain, inner, "trustId"),
            ),
        )

    def _keys(self, node: Node, path: str) -> KeysRequest:
        fields, plain = self._fields(node, path, optional=("vault", "rotationDays", "external")), KeysRequest()
        return KeysRequest(
            vault=self._text(fields, path, "vault") if "vault" in fields else plain.vault,
            rotation_days=self._whole_or(fields, path, "rotationDays", plain.rotation_days),
            external=self._custody(fields["external"], child(path, "external")) if "external" in fields else None,
        )

    def _custody(self, node: Node, path: str) -> ExternalKeysRequest:
        fields = self._fields(node, path, required=("holder", "heldIn", "domain", "clientId", "regions"))
        regions = child(path, "regions")
        return ExternalKeysRequest(
            holder=self._text(fields, path, "holder"),
            held_in=self._text(fields, path, "heldIn"),
            domain_url=self._text(fields, path, "domain"),
            client_id=self._text(fields, path, "clientId"),
            regions={
                name: self._key_manager(entry.value, child(regions, name))
                for name, entry in self._entries(fields["regions"], regions).items()
            },
        )

    def _key_manager(self, node: Node, path: str) -> KeyManagerRequest:
        fields = self._fields(node, path, required=("vaultUrl", "address", "port", "authority", "keys"))
        return KeyManagerRequest(
            vault_url=self._text(fields, path, "vaultUrl"),
            address=self._text(fields, path, "address"),
            port=self._whole(fields, path, "port"),
            authority=self._text(fields, path, "authority"),
            keys=self._texts(fields["keys"], child(path, "keys")),
        )

    def _state(self, node: Node, path: str) -> StateRequest:
        fields = self._fields(node, path, required=("region", "compartmentId"), optional=("passphraseId",))
        return StateRequest(
            region=self._text(fields, path, "region"),
            compartment_id=self._text(fields, path, "compartmentId"),
            passphrase_id=self._optional_text(fields, path, "passphraseId"),
        )

    def _control(self, node: Node) -> ControlRequest:
        path = "legacy.organization"
        fields = self._fields(node, path, required=("id", "accountId", "deployerRole"), optional=("otherPolicies",))
        return ControlRequest(
            id=self._text(fields, path, "id"),
            account_id=self._text(fields, path, "accountId"),
            deployer_role=self._text(fields, path, "deployerRole"),
            other_policies=self._whole_or(fields, path, "otherPolicies", 1),
        )

    def _guardrails(self, node: Node, path: str) -> GuardrailsRequest:
        identified = ("detectorRecipes", "securityPolicies")
        fields = self._fields(node, path, required=identified, optional=("packetRouting", "denyStatements"))
        recipes, policies = (self._texts(fields[key], child(path, key)) for key in identified)
        return GuardrailsRequest(
            detector_recipes=recipes,
            security_policies=policies,
            packet_routing=self._optional_text(fields, path, "packetRouting"),
            deny_statements=self._flag(fields, path, "denyStatements") if "denyStatements" in fields else False,
        )

    def _audit(self, node: Node, path: str) -> AuditRequest:
        fields = self._fields(
            node, path, required=("retentionDays", "lockOn", "archive", "subscribers"), optional=("sealedUsers",)
        )
        sealed, archive = child(path, "sealedUsers"), child(path, "archive")
        where = self._fields(fields["archive"], archive, required=("accountId", "deployerRole"))
        return AuditRequest(
            retention_days=self._whole(fields, path, "retentionDays"),
            lock_on=self._text(fields, path, "lockOn"),
            archive=ArchiveRequest(
                account_id=self._text(where, archive, "accountId"),
                deployer_role=self._text(where, archive, "deployerRole"),
            ),
            subscribers=self._texts(fields["subscribers"], child(path, "subscribers")),
            sealed_users=self._texts(fields["sealedUsers"], sealed) if "sealedUsers" in fields else {},
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

    def _oci(self, node: Node) -> OciRequest:
        path = "oci"
        fields = self._fields(
            node,
            path,
            required=("tenancyId", "homeRegion", "objectStorageNamespace", "auth", "regions"),
            optional=("failover",),
        )
        auth = self._fields(fields["auth"], "oci.auth", required=("method",), optional=("profile",))
        return OciRequest(
            tenancy_id=self._text(fields, path, "tenancyId"),
            home_region=self._text(fields, path, "homeRegion"),
            object_storage_namespace=self._text(fields, path, "objectStorageNamespace"),
            auth=self._text(auth, "oci.auth", "method"),
            profile=self._optional_text(auth, "oci.auth", "profile"),
            failover=self._optional_text(fields, path, "failover"),
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
            optional=("adopt", "operatorRole", "extension", "confirmCensus", "transfer", "restore"),
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
            restore=self._restore(fields["restore"], child(path, "restore")) if "restore" in fields else None,
        )

    def _restore(self, node: Node, path: str) -> RestoreRequest:
        keys = ("role", "network", "dataset", "until")
        fields = self._fields(node, path, required=keys)
        role, network, dataset, until = (self._text(fields, path, key) for key in keys)
        return RestoreRequest(role=role, network=network, dataset=dataset, until=until)

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
