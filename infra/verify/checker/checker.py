"""Checks a residency certificate against the preview, or the state, that it is about. Runs alone, on any machine.

    python checker.py CERTIFICATE PREVIEW [--models SHA256]

It shares no code with the prover: it reads the engine's own document, derives anew what the certificate claims for
each theorem, holds both against each other and against the rules below, and refuses at the first difference. It
believes nothing of the certificate but two things, which it prints: the declarations, where the document does not have
them, and which properties of a type matter (the digest of the lists, to be compared with the release's).

Exit codes: 0 accepted, 1 refused, 2 a file cannot be read.
"""

# An auditor reads all of it, so it is short; what is malformed in the files is met in one place, in `main`.
# fmt: off
# pyright: basic
import hashlib
import json
import re
import sys
from datetime import date
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

Json = dict[str, Any]

US = {"us-ashburn-1": "iad", "us-phoenix-1": "phx", "us-chicago-1": "ord", "us-sanjose-1": "sjc"}
"""The allowed regions of Oracle Cloud (commercial realm), with the key that physical names carry."""
LEGACY = {"us-east-1": "use1", "ap-southeast-1": "apse1"}
"""The regions of AWS that a legacy site may be in."""
PHASES = ["backup", "drain", "wipe", "closed"]
HOLDERS = {"oci:ObjectStorage/bucket:Bucket", "oci:Kms/vault:Vault", "oci:Kms/key:Key", "aws:s3/bucket:Bucket",
        "aws:kms/key:Key"}
GUARDS = ("LifecycleConfiguration", "OwnershipControls", "Policy", "PublicAccessBlock",
        "ServerSideEncryptionConfiguration", "Versioning")
UNKNOWN, SECRET = "04da6b54-80e4-46f7-96ec-b56ff0331ba9", "[secret]"
SIGNATURE, SECRET_MARK = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
ADDRESSES = {"A": "oci:Core/publicIp:PublicIp", "AAAA": "oci:Core/ipv6:Ipv6"}
EXITS = ("oci:Core/serviceGateway:ServiceGateway", "oci:Core/drg:Drg")
ENTRIES = ("oci:Core/internetGateway:InternetGateway", "oci:Core/natGateway:NatGateway")
STATEMENTS, POLICY = "oci:Identity/policy:Policy", "oci:Dns/steeringPolicy:SteeringPolicy"
ATTACHMENT = "oci:Dns/steeringPolicyAttachment:SteeringPolicyAttachment"
DOCUMENTS = {"aws:iam/role:Role": "assumeRolePolicy", "aws:kms/key:Key": "policy",
        "aws:s3/bucketPolicy:BucketPolicy": "policy"}.items()
STAYS = {"same", "update", "read", "refresh"}
ENDS = {"delete", "delete-replaced", "discard", "discard-replaced", "remove-pending-replace"}
REPLACES = {"replace", "import-replacement", "create-replacement", "read-replacement"}

class RefusedError(Exception):
    """The certificate does not hold; the text says where."""

def demand(holds: object, text: str) -> None:
    """Refuse unless something holds."""
    if not holds:
        raise RefusedError(text)

def equal(claimed: object, derived: object, what: str) -> None:
    """Refuse unless the certificate claims exactly what was derived."""
    demand(canonical(claimed) == canonical(derived), f"{what}: the certificate says something else than the preview")

def canonical(value: object) -> str:
    """A value as JSON with one spelling."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)

def sha256(text: str) -> str:
    """The digest of a text."""
    return hashlib.sha256(text.encode()).hexdigest()

def secrets(pairs: list[tuple[str, Any]]) -> Any:
    """An object of the state's JSON, or the mark for a secret where it is one."""
    return SECRET if dict(pairs).get(SIGNATURE) == SECRET_MARK else dict(pairs)

class Resource:
    """A resource as the engine's document has it."""
    def __init__(self, state: Json, op: str, old: Json | None = None) -> None:
        stays: Json = old if old and op in STAYS else {}
        self.urn, self.type, self.op = state["urn"], state["type"], op
        self.provider = (state.get("provider") or "").rpartition("::")[0]
        self.id, self.parent = state.get("id") or stays.get("id") or "", state.get("parent") or ""
        self.inputs: Json = state.get("inputs") or {}
        self.outputs: Json = state.get("outputs") or stays.get("outputs") or {}
        self.sources = {k: sorted(set(v)) for k, v in (state.get("propertyDependencies") or {}).items() if v}
        self.dependencies = sorted(set(state.get("dependencies") or ()))
        self.protect, self.retain = state.get("protect") is True, state.get("retainOnDelete") is True
        self.pending = state.get("delete") is True

    def row(self) -> str:
        """Its content as a line, as digests are made of."""
        return canonical([self.urn, self.type, self.provider, self.id, self.parent, self.inputs, self.outputs,
                self.sources, self.dependencies, self.protect, self.retain])

    @property
    def managed(self) -> bool:
        """Whether it is a resource of a cloud."""
        return not self.type.startswith("pulumi:") and self.type.count(":") == len("::") and bool(self.provider)

class Stack:
    """What will be, what was, and what goes."""
    def __init__(self, document: Json) -> None:
        self.now, self.old, self.gone, self.config = {}, {}, [], document.get("config") or {}
        self.by_type, self.by_name, self._ids = {}, {}, {}
        inner: Json = (document.get("checkpoint") or {}).get("latest") or document.get("deployment") or {}
        had = [{"op": "delete" if it.get("delete") else "same", "oldState": it, "newState": it}
                for it in inner.get("resources") or ()]
        for step in document.get("steps") or had:
            op, old, new = step["op"], step.get("oldState"), step.get("newState")
            if old and (op in ENDS or op in REPLACES):
                self.gone.append(Resource(old, op))
            if op in ENDS:
                continue
            urn = (new or step)["urn"]
            for side, state in ((self.now, new and Resource(new, op, old)), (self.old, old and Resource(old, "same"))):
                side.pop(urn, None)
                if new and state:
                    side[urn] = state
        for _, it in sorted(self.now.items()):
            self.by_type.setdefault(it.type, []).append(it)
            name = it.inputs.get("name") if it.type.startswith("oci:") else it.inputs.get("bucket")
            self.by_name.setdefault((it.type, str(name)), []).append(it)

    def planned(self) -> str:
        """The digest of what will be, and of what is done to get there."""
        rows = [f"{it.op} {it.row()}" for it in self.now.values()]
        return self._digest(rows + [f"{it.op} gone {it.row()}" for it in self.gone])

    def state(self) -> str:
        """The digest of what was."""
        old = [self.old[urn] for urn in self.now if urn in self.old]
        urns = {it.urn for it in old}
        return self._digest([it.row() for it in old + [it for it in self.gone if it.urn not in urns or it.pending]])

    @staticmethod
    def _digest(rows: list[str]) -> str:
        return sha256("".join(f"{row}\n" for row in sorted(rows)))

    def of(self, *types: str) -> list[Resource]:
        """Those of some types, by URN."""
        return sorted((it for type_ in types for it in self.by_type.get(type_, ())), key=lambda it: it.urn)

    def place(self, it: Resource) -> tuple[str, str]:
        """(region, property that says so) of a resource; refuses one that is nowhere."""
        provider, cloud = self.now.get(it.provider), it.type.partition(":")[0]
        if provider is None:
            raise RefusedError(f"{it.urn} has no provider")
        demand(provider.type == f"pulumi:providers:{cloud}", f"{it.urn} has no provider of its own cloud")
        own = it.inputs.get("region") if cloud == "aws" else None
        region = own if own is not None else provider.inputs.get("region")
        if not isinstance(region, str) or region in {"", UNKNOWN, SECRET}:
            raise RefusedError(f"{it.urn} is in no known region")
        return region, "region" if own is not None else "provider.region"

    def named(self, it: Resource, property_: str, value: object, type_: str, output: str = "id") -> Resource:
        """The one resource of a type that a value names, or comes from while it is unknown; else it refuses."""
        if value == UNKNOWN:
            found = [self.now.get(urn) for urn in it.sources.get(property_, ())]
            found = [other for other in found if other and other.type == type_]
        else:
            key = (type_, output)
            if key not in self._ids:
                index = self._ids[key] = {}
                for other in self.by_type.get(type_, ()):
                    index.setdefault(other.id if output == "id" else other.outputs.get(output), []).append(other)
            found = self._ids[key].get(value, []) if isinstance(value, str) and value else []
        demand(len(found) == 1, f"{it.urn}: {property_} names {len(found)} resources of type {type_}")
        return found[0]

def storage(stack: Stack, deployment: Json, _day: date, evidence: Json) -> None:
    """T1: every resource is in an allowed region, or at a declared site under its account."""
    sites = {(site["region"], site["accountId"]) for site in deployment["legacy"]["sites"].values()}
    management = (deployment["legacy"].get("organization") or {}).get("accountId")
    places: list[list[str]] = []
    demand(deployment.get("state") is None or deployment["state"].get("region") in US, "the state lies elsewhere")
    for it in sorted((it for it in stack.now.values() if it.managed), key=lambda it: it.urn):
        region, path = stack.place(it)
        provider = stack.now[it.provider]
        if it.type.startswith("aws:"):
            value = provider.inputs.get("allowedAccountIds") or "[]"
            accounts = json.loads(value) if isinstance(value, str) else value
            demand(region in LEGACY and accounts, f"{it.urn} is in {region}, at no legacy site")
            ours = accounts == [management] if it.type.startswith(("aws:organizations/", "aws:iam/")) else False
            demand(ours or all((region, one) in sites for one in accounts), f"{it.urn} is in another account")
        else:
            demand(region in US, f"{it.urn} is in {region}")
        for key in re.findall(r"ocid1\.[a-z0-9-]+\.[a-z0-9]+\.([a-z0-9-]+)\.", it.id):
            demand(key in (region, US.get(region)), f"{it.urn}: its id says {key}, its provider {region}")
        before, stays = stack.old.get(it.provider), it.op not in ("create", "replace", "import")
        moves = stays and before and before.inputs.get("region") != provider.inputs.get("region")
        demand(not moves, f"the provider of {it.urn} moves under it")
        places.append([it.urn, region, path])
    equal(evidence, {"places": places}, "T1")

def copies(stack: Stack, deployment: Json, day: date, evidence: Json) -> None:
    """T2: replication stays inside, reports stay at their site, backups are written in phase backup only."""
    edges: list[list[str]] = []
    sites = {site["region"]: site for site in deployment["legacy"]["sites"].values()}

    def to_site(it: Resource, kind: str, source: str, arn: Any) -> None:
        demand(isinstance(arn, str) and arn.startswith("arn:aws:s3:::"), f"{it.urn} writes to no known bucket")
        name = arn.removeprefix("arn:aws:s3:::")
        found = stack.by_name.get(("aws:s3/bucket:Bucket", name), [])
        demand(len(found) == 1, f"{it.urn} writes to {name}, which is no bucket of this stack")
        site = sites.get(region := stack.place(found[0])[0], {})
        fit = site.get("phase") in PHASES[:1 if kind == "backs up" else 3] and day < date.fromisoformat(site["expires"])
        demand(fit, f"{it.urn} {kind} to {region}")
        demand(kind == "backs up" or stack.place(it)[0] == region, f"{it.urn} reports to another site")
        edges.append([it.urn, kind, source, name, region])

    moving = ["aws:datasync/task:Task", "aws:s3/inventory:Inventory",
            "oci:ObjectStorage/replicationPolicy:ReplicationPolicy", "oci:Sch/connector:Connector"]
    for it in stack.of(*moving):
        given = it.inputs
        if it.type in moving[2:]:
            logs = given["target"] if it.type == moving[3] else {}
            name: str = logs["bucket"] if logs else given["destinationBucketName"]
            region: Any = stack.place(it)[0] if logs else given["destinationRegionName"]
            demand(region in US and logs.get("kind", "objectStorage") == "objectStorage", f"{it.urn} to {region}")
            there = [(stack.place(b)[0], b.inputs.get("namespace"))
                    for b in stack.by_name.get(("oci:ObjectStorage/bucket:Bucket", name), [])]
            demand((region, (logs or given).get("namespace")) in there, f"{it.urn} copies to {name}, no bucket")
            source = f"the logs of {it.urn.rpartition('::')[2]}" if logs else given["bucket"]
            edges.append([it.urn, "carries logs" if logs else "replicates", source, name, region])
        elif it.type == moving[1]:
            to_site(it, "reports", given["bucket"], given["destination"]["bucket"]["bucketArn"])
        else:
            source = stack.named(it, "sourceLocationArn", given.get("sourceLocationArn"),
                    "aws:datasync/locationObjectStorage:LocationObjectStorage")
            target = stack.named(it, "destinationLocationArn", given.get("destinationLocationArn"),
                    "aws:datasync/s3Location:S3Location")
            name, host = source.inputs["bucketName"], source.inputs["serverHostname"]
            ours = [f"{b.inputs.get('namespace')}.compat.objectstorage.{stack.place(b)[0]}.oraclecloud.com"
                    for b in stack.by_name.get(("oci:ObjectStorage/bucket:Bucket", name), [])]
            demand(host in ours, f"{it.urn} reads {name} at {host}")
            to_site(it, "backs up", name, target.inputs.get("s3BucketArn"))
            if report := (given.get("taskReportConfig") or {}).get("s3Destination"):
                to_site(it, "reports", name, report.get("s3BucketArn"))
    equal(evidence, {"edges": edges}, "T2")

def traffic(stack: Stack, deployment: Json, _day: date, evidence: Json) -> None:
    """T3: whatever a policy or record of a hostname answers is an edge of this stack; stricter than the prover."""
    given: Json = deployment.get("traffic") or {}
    names = {f"{label}.{given['zone']}" for label in given.get("hostnames") or ()}
    steered: set[tuple[Any, str]] = set()
    for it in stack.of(ATTACHMENT):
        policy = stack.named(it, "steeringPolicyId", it.inputs.get("steeringPolicyId"), POLICY)
        kinds = [owned(stack, given, policy, "answers", one) for one in policy.inputs.get("answers") or ()]
        steered |= {(it.inputs.get("domainName"), kind) for kind in kinds}
    for it in stack.of("oci:Dns/rrset:Rrset"):
        if it.inputs.get("rtype") not in ("CAA", "TXT"):
            demand(it.inputs.get("domain") in names, f"{it.urn} answers for no declared name")
            demand(all(owned(stack, given, it, "items", one) for one in it.inputs.get("items") or ()), it.urn)
    steered_a = {name for name, kind in steered if kind == "A"}
    demand({name for name, _ in steered} == names == steered_a, "T3: other hostnames than those declared")
    equal(evidence, {}, "T3")

def owned(stack: Stack, given: Json, it: Resource, property_: str, answer: Json) -> str:
    """The type of an answer whose address is one of an edge, or may become one."""
    type_, rdata = ADDRESSES[answer["rtype"]], answer["rdata"]
    may = [urn for urn in it.sources.get(property_, ()) if urn in stack.now and stack.now[urn].type == type_]
    found = may if rdata == UNKNOWN else [o.urn for o in stack.of(type_) if o.outputs.get("ipAddress") == rdata]
    places = {stack.place(stack.now[urn])[0] for urn in found}
    demand(found and places <= set(US) & set(given["edges"]), f"{it.urn} answers {rdata}, the address of no edge")
    return answer["rtype"]

def network(stack: Stack, deployment: Json, _day: date, evidence: Json) -> None:
    """T4: subnets that hold data are closed, and lead to services of their region and routers of the stack only."""
    core = [it for it in stack.now.values() if it.type.startswith("oci:Core/")]
    tiers = (deployment.get("traffic") or {}).get("edges") or ()
    edges = [IPv4Network(deployment["oci"]["regions"][name]["cidr"]) for name in tiers]
    public = [vcn_of(it) for it in stack.of(*ENTRIES)]
    for it in stack.of("oci:Core/subnet:Subnet"):
        if vcn_of(it) in public:
            demand(any(IPv4Network(it.inputs["cidrBlock"]).subnet_of(edge) for edge in edges), f"{it.urn} is no edge's")
            continue
        shut = [it.inputs.get("prohibitPublicIpOnVnic"), it.inputs.get("prohibitInternetIngress")] == [True, True]
        demand(shut, f"{it.urn} admits public addresses")
        table = stack.named(it, "routeTableId", it.inputs.get("routeTableId"), "oci:Core/routeTable:RouteTable")
        for route in table.inputs.get("routeRules") or ():
            value = route["networkEntityId"]
            urns = table.sources.get("routeRules", []) if value == UNKNOWN else [o.urn for o in core if o.id == value]
            ends = [stack.now[o] for o in urns if o in stack.now and stack.now[o].type.startswith("oci:Core/")]
            fine = all(o.type in EXITS and stack.place(o)[0] == stack.place(it)[0] for o in ends)
            demand(ends and fine, f"{table.urn} leads to {urns}")
    equal(evidence, {}, "T4")

def vcn_of(it: Resource) -> object:
    """What names the network of a subnet or gateway."""
    return it.inputs.get("vcnId") if it.inputs.get("vcnId") != UNKNOWN else tuple(it.sources.get("vcnId", ()))

CARRIES = (r"Allow any-user to {{OBJECT_INSPECT, OBJECT_CREATE, OBJECT_OVERWRITE}} in compartment {own}:audit where "
           r"all {{request\.principal\.type='serviceconnector', target\.bucket\.name='{own}-audit-[a-z]+', "
           r"request\.principal\.compartment\.tag\.{own}\.sends='logs'}}")

def access(stack: Stack, deployment: Json, _day: date, evidence: Json) -> None:
    """T5: statements let in declared groups, from their networks and regions; documents declared jobs and own accounts.

    One statement is for anybody (CARRIES): connectors. That denials cover every request is what two deciders are for.
    """
    groups, own = (deployment.get("access") or {}).get("groups") or {}, deployment["organization"]
    exports = {it["export"]["group"] for it in deployment["datasets"].values() if "export" in it}
    for urn, text in [(it.urn, text) for it in stack.of(STATEMENTS) for text in it.inputs["statements"]]:
        words = text.split()
        serves = words[1] == "service" and words[2].removeprefix("objectstorage-") in US
        if words[0].lower() == "deny" or serves or re.fullmatch(CARRIES.format(own=own), text):
            continue
        whose = f"{own}-{groups[words[2]]['network']}'" if words[2] in groups else own
        bound = "request.utc-timestamp before '" if words[2] in exports else f"request.networkSource.name='{whose}"
        demand(words[:2] == ["Allow", "group"] and " where all {" in text and bound in text, f"{urn}: {text}")
        regions = set(re.findall(r"request\.region='(\w+)'", text))
        demand(regions and regions <= {US[it] for it in deployment["oci"]["regions"]}, f"{urn}: {text}")
    host = (ci := deployment.get("ci") or {"issuer": "", "environments": {}})["issuer"].removeprefix("https://")
    jobs = {f"repo:{ci['repository']}:environment:{it}" for it in ci["environments"].values()}
    for it in stack.of("oci:Identity/domainsIdentityPropagationTrust:DomainsIdentityPropagationTrust"):
        rules = {one["rule"] for one in it.inputs["impersonationServiceUsers"]} - {f'sub eq "{one}"' for one in jobs}
        demand(it.inputs["issuer"] == ci["issuer"] and not rules, f"{it.urn} believes others than the declared jobs")
    accounts = {site["accountId"] for site in deployment["legacy"]["sites"].values()}
    for it, text in [(it, it.inputs[path]) for type_, path in DOCUMENTS for it in stack.of(type_)]:
        for part in json.loads(text)["Statement"]:
            let = part.get("Principal", "*") if part["Effect"] == "Allow" else {}
            if "Federated" in let:
                token = part["Condition"]["StringEquals"]
                ours = token[f"{host}:aud"] == ["sts.amazonaws.com"] and {*token[f"{host}:sub"]} <= jobs
                demand(ours and let["Federated"].endswith(f"provider/{host}"), f"{it.urn} believes others")
            arns = let if isinstance(let, str) else let.get("AWS", [])
            inside = [re.match(r"arn:aws:iam::(\d+):", arn) for arn in ([arns] if isinstance(arns, str) else arns)]
            demand(all(one and one[1] in accounts for one in inside), f"{it.urn} lets in {arns}")
    equal(evidence, {}, "T5")

def keys(stack: Stack, _deployment: Json, _day: date, evidence: Json) -> None:
    """T6: each bucket under a key of this stack in its region, each key in hardware or confined to its site."""
    chains, vaults = [], {}
    for key in stack.of("oci:Kms/key:Key"):
        demand(key.inputs.get("protectionMode") == "HSM", f"{key.urn} is not kept in hardware")
        outside = {"externalKeyReference", "restoreFromObjectStore", "restoreFromFile"} & set(key.inputs)
        demand(not outside, f"{key.urn} comes from outside its vault")
        vault = stack.named(key, (at := "managementEndpoint"), key.inputs.get(at), "oci:Kms/vault:Vault", at)
        demand(vault.inputs.get("vaultType") in ("DEFAULT", "VIRTUAL_PRIVATE"), f"{vault.urn} is of another type")
        places = {stack.place(vault)[0], stack.place(key)[0]}
        demand(len(places) == 1 and places <= set(US), f"{key.urn} is kept elsewhere")
        vaults[key.urn] = vault.urn
    for bucket in stack.of("oci:ObjectStorage/bucket:Bucket"):
        key = stack.named(bucket, "kmsKeyId", bucket.inputs.get("kmsKeyId"), "oci:Kms/key:Key")
        demand(stack.place(bucket)[0] == stack.place(key)[0], f"{bucket.urn} is under a key of another region")
        chains.append([bucket.urn, key.urn, vaults[key.urn]])
    type_ = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    for bucket in stack.of("aws:s3/bucket:Bucket"):
        rules = stack.by_name.get((type_, str(bucket.inputs.get("bucket"))), [])
        demand(len(rules) == 1 and rules[0].inputs.get("rules"), f"{bucket.urn} has {len(rules)} encryption rules")
        for rule in rules[0].inputs["rules"]:
            by = rule.get("applyServerSideEncryptionByDefault") or {}
            demand(by.get("sseAlgorithm") in ("aws:kms", "aws:kms:dsse"), f"{bucket.urn} is not encrypted by KMS")
            value = by.get("kmsMasterKeyId")
            try:
                key = stack.named(rules[0], "rules", value, "aws:kms/key:Key", "arn")
            except RefusedError:
                key = stack.named(rules[0], "rules", value, "aws:kms/key:Key")
            demand(stack.place(bucket)[0] == stack.place(key)[0], f"{bucket.urn} is under a key of another site")
            chains.append([bucket.urn, key.urn, ""])
    for key in stack.of("aws:kms/key:Key"):
        demand(key.inputs.get("multiRegion", False) is False, f"{key.urn} is not confined to its region")
    equal(evidence, {"chains": chains}, "T6")

def lifecycle(stack: Stack, deployment: Json, day: date, evidence: Json) -> None:
    """T7: phases in order and not over; holders kept, and deleted at a closed site only."""
    sites = deployment["legacy"]["sites"]
    roots = [stack.old[it.urn] for it in stack.of("pulumi:pulumi:Stack") if it.urn in stack.old]
    was: Json = roots[0].outputs.get("legacySites") or {} if roots else {}
    for name, site in sites.items():
        had = was.get(name, {}).get("phase")
        step = PHASES.index(site["phase"]) - (PHASES.index(had) if had else 0)
        demand(step in ((0, 1) if had else (0,)), f"{name} goes from {had} to {site['phase']}")
        demand(site["phase"] == "closed" or day < date.fromisoformat(site["expires"]), f"{name} is over")
        rests = evidence.get("receipts", {}).get(name)
        good = isinstance(rests, list) and all(re.fullmatch(r"[0-9a-f]{64}", it) for it in rests)
        demand(good and bool(rests) == (site["phase"] in ("wipe", "closed")), f"{name}: receipts")
    by_region = {site["region"]: site["phase"] for site in sites.values()}
    holders = stack.of(*HOLDERS)
    for it in holders:
        phase = by_region.get(stack.place(it)[0]) if it.type.startswith("aws:") else None
        demand(phase in PHASES[2:] or (it.protect and it.retain), f"{it.urn} is not protected and retained")
        demand(it.inputs.get("forceDestroy", False) is False, f"{it.urn} may be destroyed by force")
    for it in stack.gone:
        bucket = stack.by_name.get(("aws:s3/bucket:Bucket", str(it.inputs.get("bucket"))))
        guard = it.type.startswith("aws:s3/bucket") and it.type.endswith(GUARDS)
        demand(not (guard and bucket), f"{it.urn} is taken from a bucket that stays")
        if it.type in HOLDERS:
            provider = stack.now.get(it.provider)
            region = it.inputs.get("region") or (provider.inputs.get("region") if provider else None)
            closed = it.type.startswith("aws:") and by_region.get(region) == "closed"
            demand(it.op == "delete" and closed and not it.retain, f"{it.urn} is lost")
    for it in stack.of("oci:ObjectStorage/objectLifecyclePolicy:ObjectLifecyclePolicy",
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"):
        wiped = it.type.startswith("aws:") and by_region.get(stack.place(it)[0]) == "wipe"
        for rule in () if wiped else it.inputs.get("rules") or ():
            if it.type.startswith("aws:"):
                expires = rule.get("status") != "Disabled" and {"days", "date"} & set(rule.get("expiration") or ())
            else:
                expires = (rule.get("isEnabled") is not False and rule.get("action") != "ABORT"
                        and rule.get("target") not in ("previous-object-versions", "multipart-uploads"))
            demand(not expires, f"{it.urn} lets objects expire")
    derived = {"phases": {name: [site["phase"], site["expires"]] for name, site in sites.items()},
            "gone": sorted([it.urn, it.op] for it in stack.gone if it.type in HOLDERS),
            "holders": [it.urn for it in holders], "receipts": {name: evidence["receipts"][name] for name in sites}}
    equal(evidence, derived, "T7")

def completeness(stack: Stack, evidence: Json, models: Json) -> None:
    """T8: every type has lists, every property stands in one, and what is read is known."""
    types = sorted(it for it in stack.by_type if it in models)
    for type_, resources in stack.by_type.items():
        if type_ not in models:
            component = type_.startswith("usdata:index:") and not any(it.provider for it in resources)
            demand(component or type_ == "pulumi:pulumi:Stack", f"{type_} has no lists")
            continue
        for it in resources:
            demand(it.provider or type_.startswith("pulumi:providers:"), f"{it.urn} has no provider")
            walk(stack, it, models[type_], it.inputs, "")
    equal(evidence, {"types": types, "resources": sum(len(stack.by_type[it]) for it in types)}, "T8")
    equal(sorted(models), types, "the lists")

def walk(stack: Stack, it: Resource, lists: Json, inputs: Json, above: str) -> None:
    """Hold each property against its type's lists."""
    for name, value in inputs.items():
        path = above + name
        if value is None or name.startswith("__") or path in lists["irrelevant"]:
            continue
        attributed = lists["attributed"].get(path)
        demand(attributed is not None or path in lists["read"], f"{it.urn}: {path} stands in no list")
        if attributed is not None and unknown(value):
            top = path.partition(".")[0]
            allowed = {t for at, ts in lists["attributed"].items() if at.partition(".")[0] == top for t in ts}
            found = {stack.now[urn].type if urn in stack.now else "" for urn in it.sources.get(top, ())}
            demand(found & set(attributed) and found <= allowed, f"{it.urn}: {path} is unknown, from {found}")
        for item in () if attributed is not None else value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                walk(stack, it, lists, item, f"{path}.")
            else:
                demand(not unknown(item), f"{it.urn}: {path} is not known")

def unknown(value: Any) -> bool:
    """Whether a value, or part of it, is not known or not shown."""
    parts = isinstance(value, list) and any(map(unknown, value))
    return parts or (isinstance(value, str) and (UNKNOWN in value or value == SECRET))

CHECKS = {"T1": storage, "T2": copies, "T3": traffic, "T4": network, "T5": access, "T6": keys, "T7": lifecycle}
ASSUMED = {"T1": "0f87d47df10137f1", "T2": "5d061592f7e888a1", "T3": "1b33f57fd481a419", "T4": "9bc161607d39e8d1",
        "T5": "e0a9a71c5d2df925", "T6": "674cfe499662fe2a", "T7": "b2f3f72cc4426ad9", "T8": "233c69bdda8abe7f"}
"""Digest of each theorem's assumptions, in the order of the certificate: to change one is to change what is proved."""

def check(certificate: Json, document: Json) -> list[str]:
    """Refuse, or return what was accepted, as lines for people."""
    sealed = {name: value for name, value in certificate.items() if name != "seal"}
    equal(certificate.get("seal"), sha256(canonical(sealed)), "the seal")
    equal(certificate["certificate"], 1, "the certificate's version")
    stack, day = Stack(document), date.fromisoformat(certificate["asOf"])
    deployment, models = certificate["declared"], certificate["models"]
    if (declared := stack.config.get("usdata:deployment")) is not None:
        declared = json.loads(declared) if isinstance(declared, str) else declared
        equal(deployment, declared["value"] if set(declared) == {"value"} else declared, "the declarations")
    digests = {"planned": stack.planned(), "state": stack.state(), "configuration": sha256(canonical(deployment))}
    equal(certificate["digests"], digests, "the digests")
    equal(certificate["resources"], len(stack.now), "the number of resources")
    demand(all(f"urn:pulumi:{certificate['stack']}::usdata::" in urn for urn in stack.now), "it is of another stack")
    equal(certificate["from"], "preview" if "steps" in document else "state", "what it is about")
    providers = {f"{it.type.rpartition(':')[2]} {it.inputs.get('version')}" for it in stack.now.values()
            if it.type.startswith("pulumi:providers:")}
    equal(certificate["providers"], sorted(providers), "the providers")
    equal([it["id"] for it in certificate["theorems"]], list(ASSUMED), "the theorems")
    for it in certificate["theorems"]:
        equal(it["answer"], "PROVED", it["id"])
        equal(sha256(canonical([it["title"], it["assumptions"]]))[:16], ASSUMED[it["id"]], f"{it['id']}: assumptions")
        if it["id"] in CHECKS:
            CHECKS[it["id"]](stack, deployment, day, it["evidence"])
    completeness(stack, certificate["theorems"][-1]["evidence"], models)
    return [f"ACCEPTED  stack {certificate['stack']} as of {day}: {len(ASSUMED)} theorems, {len(stack.now)} resources",
            f"          lists of properties sha256:{sha256(canonical(models))}",
            f"          declarations are the {'certificate' if declared is None else 'preview'}'s own",
            *(f"          {it['id']} assumes: {line}" for it in certificate["theorems"] for line in it["assumptions"])]

def main(arguments: list[str]) -> int:
    """The command line."""
    try:
        certificate, document = (json.loads(Path(it).read_text(encoding="utf-8"), object_pairs_hook=secrets)
                for it in arguments[:2])
    except (OSError, ValueError) as error:
        print(f"checker: {error}\n\n{__doc__}", file=sys.stderr)
        return 2
    try:
        lines = check(certificate, document)
        wanted = arguments[3:] if arguments[2:3] == ["--models"] else []
        demand(wanted in ([], [sha256(canonical(certificate["models"]))]), "the lists are not those that were expected")
    except RefusedError as error:
        print(f"REFUSED   {error}")
        return 1
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        print(f"REFUSED   the certificate or the preview is malformed: {type(error).__name__} {error}")
        return 1
    print("\n".join(lines))
    return 0

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
