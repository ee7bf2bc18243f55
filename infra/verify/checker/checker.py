"""Checks a residency certificate against the preview, or the state, that it is about. Runs alone, on any machine.

    python checker.py CERTIFICATE PREVIEW [--models SHA256]    exits with 0 accepted, 1 refused, 2 a file cannot be read

It shares no code with the prover: it reads the engine's own document, derives anew what the certificate claims for
each theorem, and refuses at the first difference or broken rule. Of the certificate it believes the declarations, where
the document does not have them, which properties of a type matter (it prints both, the lists as a digest to be compared
with the release's), and the digests of the receipts that phases rest on.
"""

# An auditor reads all of it, so it is short; what is malformed in the files is met in one place, in `main`.
# fmt: off
# pyright: basic
import hashlib
import json
import re
import sys
from datetime import date, timedelta
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

Json = dict[str, Any]
US = {"us-ashburn-1": "iad", "us-phoenix-1": "phx", "us-chicago-1": "ord", "us-sanjose-1": "sjc"}
LEGACY, PHASES = ("us-east-1", "ap-southeast-1"), ["backup", "drain", "wipe", "closed"]
"""The allowed regions of Oracle Cloud, with the key in physical names; where a legacy site may be, and its phases."""
BUCKET, KEY, VAULT = "oci:ObjectStorage/bucket:Bucket", "oci:Kms/key:Key", "oci:Kms/vault:Vault"
S3, SITE_KEY, ARCHIVE = "aws:s3/bucket:Bucket", "aws:kms/key:Key", "::aws-archive-us-east-1"
LOCK, ACCOUNTS = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", "allowedAccountIds"
WHOLE = ("enableLogFileValidation", "isMultiRegionTrail", "enableLogging", "includeGlobalServiceEvents")
KINDS, HOLDERS = {"All": "rw", "ReadOnly": "r", "WriteOnly": "w"}, (BUCKET, VAULT, KEY, S3, SITE_KEY)
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
UNKNOWN, SECRET = "04da6b54-80e4-46f7-96ec-b56ff0331ba9", "[secret]"
SIGNATURE, SECRET_MARK = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
ADDRESSES = {"A": "oci:Core/publicIp:PublicIp", "AAAA": "oci:Core/ipv6:Ipv6"}
EXITS = ("oci:Core/serviceGateway:ServiceGateway", "oci:Core/drg:Drg")
ENTRIES = ("oci:Core/internetGateway:InternetGateway", "oci:Core/natGateway:NatGateway")
VCN, SUBNET, ENDPOINT = "oci:Core/vcn:Vcn", "oci:Core/subnet:Subnet", "oci:Kms/ekmsPrivateEndpoint:EkmsPrivateEndpoint"
CONNECTOR, GROUP, TRAIL = "oci:Sch/connector:Connector", "oci:Logging/logGroup:LogGroup", "aws:cloudtrail/trail:Trail"
DOCUMENTS = {"aws:iam/role:Role": "assumeRolePolicy", SITE_KEY: "policy", "aws:s3/bucketPolicy:BucketPolicy": "policy"}
LOGGED = {"objectstorage": (BUCKET, ("read", "write")), "flowlogs": (SUBNET, ("all",)),
        "loadbalancer": ("oci:LoadBalancer/loadBalancer:LoadBalancer", ("access", "error")),
        "waf": ("oci:Waf/appFirewall:AppFirewall", ("all",))}
ENDS = {"delete", "delete-replaced", "discard", "discard-replaced", "remove-pending-replace"}

READS = r"object_|(read|use|manage) (object|all-)|(use|manage) key-family"
CHANGES = "_(update|delete|manage|lock|rotate)|(use|manage) (alarm|bucket|log|service|cloudevents|ons|keys|vault)"
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
def many(value: Any) -> list[Any]:
    """A list, or the one value that stands for a list of it."""
    return value if isinstance(value, list) else [value]
def sha256(text: str) -> str:
    """The digest of a text."""
    return hashlib.sha256(text.encode()).hexdigest()
class Resource:
    """A resource as the engine's document has it; `row` is its content as a line, as digests are made of."""
    def __init__(self, state: Json, op: str, old: Json | None = None) -> None:
        stays: Json = old if old and op in ("same", "update", "read", "refresh") else {}
        self.old = Resource(old, "same") if old else None
        self.urn, self.type, self.op = state["urn"], state["type"], op
        self.provider, self.parent = (state.get("provider") or "").rpartition("::")[0], state.get("parent") or ""
        self.id, self.pending = state.get("id") or stays.get("id") or "", state.get("delete") is True
        self.inputs: Json = state.get("inputs") or {}
        self.outputs: Json = state.get("outputs") or stays.get("outputs") or {}
        self.sources = {k: sorted(set(v)) for k, v in (state.get("propertyDependencies") or {}).items() if v}
        self.protect, self.retain = state.get("protect") is True, state.get("retainOnDelete") is True
        self.managed = not self.type.startswith("pulumi:") and self.type.count(":") == len("::") and bool(self.provider)
        self.row = canonical([self.urn, self.type, self.provider, self.id, self.parent, self.inputs, self.outputs,
                self.sources, sorted(set(state.get("dependencies") or ())), self.protect, self.retain])
class Stack:
    """What will be, what was, and what goes; with what is declared, and what is believed of the certificate."""
    def __init__(self, document: Json, certificate: Json) -> None:
        self.deployment, self.models = certificate["declared"], certificate["models"]
        self.sites, self.day = self.deployment["legacy"]["sites"], date.fromisoformat(certificate["asOf"])
        self.phases = {site["region"]: site["phase"] for site in self.sites.values()}
        self.archive = str(((self.deployment.get("audit") or {}).get("archive") or {}).get("accountId"))
        keys, self.datasets = self.deployment.get("keys") or {}, self.deployment["datasets"]
        self.held: Json = (keys.get("external") or {}) if keys.get("vault") == "external" else {}
        self.receipts = next(it["evidence"]["receipts"] for it in certificate["theorems"] if it["id"] == "T7")
        self.now, self.gone, self.by_type, self.by_name, self.ids = {}, [], {}, {}, {}
        inner: Json = (document.get("checkpoint") or {}).get("latest") or document.get("deployment") or {}
        had = [{"op": "delete" if it.get("delete") else "same", "oldState": it, "newState": it}
                for it in inner.get("resources") or ()]
        for step in document.get("steps") or had:
            op, old, new = step["op"], step.get("oldState"), step.get("newState")
            if old and (op in ENDS or op.endswith(("replace", "-replacement"))):
                self.gone.append(Resource(old, op))
            if new and op not in ENDS:
                self.now[new["urn"]] = Resource(new, op, old)
        for _, it in sorted(self.now.items()):
            self.by_type.setdefault(it.type, []).append(it)
            name = str(it.inputs.get("name" if it.type.startswith("oci:") else "bucket"))
            self.by_name.setdefault((it.type, name), []).append(it)
            for value in {it.id, *map(it.outputs.get, ("arn", "ipAddress", "managementEndpoint"))}:
                self.ids.setdefault((it.type, value), []).append(it)
        self.statements = [(it.urn, *said(text)) for it in self.of("oci:Identity/policy:Policy")
                for text in it.inputs["statements"] if text.split()[0].lower() != "deny"]
    def digests(self) -> Json:
        """Of what will be, with what is done to get there; and of what was."""
        had = {it.urn: it.old.row for it in self.now.values() if it.old}
        was = [*had.values(), *(it.row for it in self.gone if it.pending or it.urn not in had)]
        will = [f"{it.op} {it.row}" for it in self.now.values()] + [f"{it.op} gone {it.row}" for it in self.gone]
        planned, state = (sha256("".join(f"{row}\n" for row in sorted(rows))) for rows in (will, was))
        return {"planned": planned, "state": state, "configuration": sha256(canonical(self.deployment))}
    def of(self, *types: str) -> list[Resource]:
        """Those of some types, by URN."""
        return sorted((it for type_ in types for it in self.by_type.get(type_, ())), key=lambda it: it.urn)
    def region(self, it: Resource) -> str:
        """The region of a resource; refuses one that is nowhere."""
        provider, cloud = self.now.get(it.provider), it.type.partition(":")[0]
        demand(provider and provider.type == f"pulumi:providers:{cloud}", f"{it.urn} has no provider of its own cloud")
        own = it.inputs.get("region") if cloud == "aws" else None
        region = str(self.now[it.provider].inputs.get("region") if own is None else own)
        demand(region not in ("None", "", UNKNOWN, SECRET), f"{it.urn} is in no known region")
        return region
    def bucket(self, name: object, region: str) -> Resource:
        """The one bucket of a name in a US region; else it refuses."""
        found = [it for it in self.by_name.get((BUCKET, str(name)), ()) if self.region(it) == region]
        demand(len(found) == 1 and region in US, f"{name} is {len(found)} buckets of this stack in {region}")
        return found[0]
    def meant(self, it: Resource, property_: str, value: object, type_: str) -> list[Resource]:
        """Those of a type that a value names, or comes from while it is unknown."""
        if value != UNKNOWN:
            return self.ids.get((type_, value), []) if value else []
        return [found for urn in it.sources.get(property_, ()) if (found := self.now.get(urn)) and found.type == type_]
    def named(self, it: Resource, property_: str, type_: str, value: object = None) -> Resource:
        """The one resource of a type that an input, or a value inside it, names; else it refuses."""
        found = self.meant(it, property_, it.inputs.get(property_) if value is None else value, type_)
        demand(len(found) == 1, f"{it.urn}: {property_} names {len(found)} resources of type {type_}")
        return found[0]

def storage(stack: Stack) -> Json:
    """T1: every resource is in an allowed region of the tenancy, at a declared site, or where trails are kept."""
    sites = {(site["region"], site["accountId"]) for site in stack.sites.values()} | {("us-east-1", stack.archive)}
    places, management = list[list[str]](), (stack.deployment["legacy"].get("organization") or {}).get("accountId")
    demand((state := stack.deployment.get("state")) is None or state.get("region") in US, "the state lies elsewhere")
    for it in sorted((it for it in stack.now.values() if it.managed), key=lambda it: it.urn):
        region, provider, path = stack.region(it), stack.now[it.provider], "provider.region"
        if it.type.startswith("aws:"):
            path = path if it.inputs.get("region") is None else "region"
            accounts = json.loads(value) if isinstance(value := provider.inputs.get(ACCOUNTS) or "[]", str) else value
            demand(region in LEGACY and accounts, f"{it.urn} is in {region}, at no legacy site")
            ours = accounts == [management] if it.type.startswith(("aws:organizations/", "aws:iam/")) else False
            tells = region == "us-east-1" and it.type.startswith(("aws:cloudwatch/event", "aws:sns/")) and str(sites)
            demand(ours or all((region, one) in sites or (tells and one in tells) for one in accounts), it.urn)
        home = (region in US, provider.inputs.get("tenancyOcid")) == (True, stack.deployment["oci"]["tenancyId"])
        demand(home or it.type.startswith("aws:"), f"{it.urn} is in {region}, or in another tenancy")
        for key in re.findall(r"ocid1\.[a-z0-9-]+\.[a-z0-9]+\.([a-z0-9-]+)\.", it.id):
            demand(key in (region, US.get(region)), f"{it.urn}: its id says {key}, its provider {region}")
        moves = provider.old and provider.old.inputs.get("region") != provider.inputs.get("region")
        demand(not moves or it.op in ("create", "replace", "import"), f"the provider of {it.urn} moves under it")
        places.append([it.urn, region, path])
    return {"places": places}

def copies(stack: Stack) -> Json:
    """T2: replication and logs stay inside, reports at sites, trails are archived, backups are of phase backup."""
    edges: list[list[str]] = []
    def to_site(it: Resource, kind: str, source: str, arn: Any) -> None:
        found = stack.by_name.get((S3, str(arn).removeprefix("arn:aws:s3:::")), [])
        demand(len(found) == 1, f"{it.urn} writes to {arn}, which is no bucket of this stack")
        region = stack.region(found[0])
        demand(stack.phases[region] in PHASES[:1 if kind == "backs up" else 3], f"{it.urn} {kind} to {region}")
        demand(kind == "backs up" or stack.region(it) == region, f"{it.urn} reports to another site")
        edges.append([it.urn, kind, source, found[0].inputs["bucket"], region])
    for it in stack.of("oci:ObjectStorage/replicationPolicy:ReplicationPolicy", CONNECTOR):
        logs = it.inputs["target"] if it.type == CONNECTOR else {}
        name = logs["bucket"] if logs else it.inputs["destinationBucketName"]
        bucket = stack.bucket(name, stack.region(it) if logs else it.inputs["destinationRegionName"])
        demand(not logs or logs["kind"].lower() == "objectstorage", f"{it.urn} carries logs into no bucket")
        demand((logs or it.inputs)["namespace"] == bucket.inputs["namespace"], f"{it.urn} copies to another namespace")
        source = f"the logs of {it.urn.rpartition('::')[2]}" if logs else it.inputs["bucket"]
        edges.append([it.urn, "carries logs" if logs else "replicates", source, name, stack.region(bucket)])
    for it in stack.of("aws:s3/inventory:Inventory"):
        to_site(it, "reports", it.inputs["bucket"], it.inputs["destination"]["bucket"]["bucketArn"])
    for it in stack.of(TRAIL):
        name, there = it.inputs["s3BucketName"], f"{stack.deployment['organization']}-audit-use1-{stack.archive}"
        demand(name == there and (S3, name) in stack.by_name, f"{it.urn} delivers to {name}")
        edges.append([it.urn, "archives", f"the calls of {it.urn.rpartition('::')[2]}", name, "us-east-1"])
    for it in stack.of("aws:datasync/task:Task"):
        source = stack.named(it, "sourceLocationArn", "aws:datasync/locationObjectStorage:LocationObjectStorage")
        target = stack.named(it, "destinationLocationArn", "aws:datasync/s3Location:S3Location")
        name, host = source.inputs["bucketName"], source.inputs["serverHostname"]
        namespace, _, _, region, *_ = host.split(".")
        ours = stack.bucket(name, region).inputs["namespace"] == namespace
        demand(ours and host.endswith(f".compat.objectstorage.{region}.oraclecloud.com"), f"{it.urn} reads {host}")
        to_site(it, "backs up", name, target.inputs.get("s3BucketArn"))
        if report := (it.inputs.get("taskReportConfig") or {}).get("s3Destination"):
            to_site(it, "reports", name, report.get("s3BucketArn"))
    return {"edges": sorted(edges)}

def traffic(stack: Stack) -> None:
    """T3: whatever a policy or record of a hostname answers is an edge of this stack; stricter than the prover."""
    given: Json = stack.deployment.get("traffic") or {}
    names = {f"{label}.{given['zone']}" for label in given.get("hostnames") or ()}
    steered: dict[Any, set[str]] = {}
    for it in stack.of("oci:Dns/steeringPolicyAttachment:SteeringPolicyAttachment"):
        policy = stack.named(it, "steeringPolicyId", "oci:Dns/steeringPolicy:SteeringPolicy")
        kinds = {owned(stack, given, policy, "answers", one) for one in policy.inputs.get("answers") or ()}
        steered.setdefault(it.inputs["domainName"].lower().removesuffix("."), set()).update(kinds)
    for it in stack.of("oci:Dns/rrset:Rrset"):
        if it.inputs.get("rtype") not in ("CAA", "TXT"):
            demand(it.inputs["domain"].lower().removesuffix(".") in names, f"{it.urn} answers for no declared name")
            demand(all(owned(stack, given, it, "items", one) for one in it.inputs.get("items") or ()), it.urn)
    demand({name for name, kinds in steered.items() if "A" in kinds} == set(steered) == names, "T3: other hostnames")
def owned(stack: Stack, given: Json, it: Resource, property_: str, answer: Json) -> str:
    """The type of an answer whose address is one of an edge, or may become one."""
    found = stack.meant(it, property_, answer["rdata"], ADDRESSES[answer["rtype"]])
    demand(found and all(stack.region(one) in {*US} & {*given["edges"]} for one in found), f"{it.urn}: {answer}")
    return answer["rtype"]

def network(stack: Stack) -> None:
    """T4: subnets that hold data are closed, and lead to services of their region and routers of the stack only."""
    edges = (stack.deployment.get("traffic") or {}).get("edges") or ()
    public = [stack.named(it, "vcnId", VCN).urn for it in stack.of(*ENTRIES)]
    for it in stack.of(SUBNET):
        if stack.named(it, "vcnId", VCN).urn in public:
            own = IPv4Network(stack.deployment["oci"]["regions"][region := stack.region(it)]["cidr"])
            demand(region in edges and IPv4Network(it.inputs["cidrBlock"]).subnet_of(own), f"{it.urn} is no edge's")
            continue
        demand(it.inputs.get("prohibitPublicIpOnVnic") is it.inputs.get("prohibitInternetIngress") is True, it.urn)
        table = stack.named(it, "routeTableId", "oci:Core/routeTable:RouteTable")
        for route in table.inputs.get("routeRules") or ():
            ends = [o for one in stack.by_type for o in stack.meant(table, "routeRules", route["networkEntityId"], one)]
            demand({(o.type in EXITS, stack.region(o)) for o in ends} == {(True, stack.region(it))}, table.urn)
SAID = (r"allow (any-user|service|group) ?(?:default/)?([\w.@-]*) to ?([^']+?) ?in (?:tenancy|compartment ([^\s']+))"
        r"(?: where ?([^']+))?")
def said(text: str) -> tuple[str, ...]:
    """A statement in one spelling: the kind and name of whom it lets, what, where and under which condition."""
    text = re.sub(r"'([\w.:@/+-]*)'", r"\1", " ".join(text.lower().split()))
    demand(found := re.fullmatch(SAID, re.sub(r" ?(!?=|[{},/]) ?", r"\1", text)), f"{text} is not read here")
    return found.groups("") if found else ()
def holds(asked: str, false: str) -> bool:
    """Whether a condition may hold while the comparisons that fit a pattern do not."""
    text = re.sub(r"[^,{}]+(?=[,}]|$)", lambda it: "01"[not re.fullmatch(false, it[0])], asked)
    while found := re.search(r"(all|any){([01,]*)}", text):
        text = text.replace(found[0], "01"["0" not in found[2] if found[1] == "all" else "1" in found[2]])
    return text != "0"
def access(stack: Stack) -> None:
    """T5: statements let in declared groups from their networks, and connectors; documents jobs, and own accounts."""
    groups, own = (stack.deployment.get("access") or {}).get("groups") or {}, stack.deployment["organization"]
    near = {name.lower(): f"request.networksource.name={own}-{it['network']}" for name, it in groups.items()}
    exports = [it["export"]["group"].lower() for it in stack.datasets.values() if "export" in it]
    near |= dict.fromkeys(exports, "request.utc-timestamp before .+")
    regions = f"request.region=({'|'.join(US[it] for it in stack.deployment['oci']['regions'])})"
    carries = ("request.principal.type=serviceconnector", f"request.principal.compartment.tag.{own}.sends=logs",
            f"target.bucket.name={own}-audit-[a-z]+")
    for urn, kind, name, what, place, asked in stack.statements:
        puts = place == f"{own}:audit" and re.fullmatch(r"{(object_(inspect|create|overwrite)(,|}$))+", what)
        ours = {"group": name in near, "any-user": puts, "service": name.removeprefix("objectstorage-") in US}[kind]
        bounds = {"group": (regions, near.get(name, "")), "any-user": carries, "service": ()}[kind]
        demand(ours and not any(holds(asked, it) for it in bounds), f"{urn}: {name} may {what} where {asked}")
    ci = stack.deployment.get("ci") or {"issuer": "", "repository": "", "environments": {}}
    host = ci["issuer"].removeprefix("https://")
    jobs = {f"repo:{ci['repository']}:environment:{it}" for it in ci["environments"].values()}
    for it in stack.of("oci:Identity/domainsIdentityPropagationTrust:DomainsIdentityPropagationTrust"):
        rules = {one["rule"] for one in it.inputs["impersonationServiceUsers"]} - {f'sub eq "{one}"' for one in jobs}
        demand(it.inputs["issuer"] == ci["issuer"] and not rules, f"{it.urn} believes others than the declared jobs")
    accounts = {site["accountId"] for site in stack.sites.values()} | {stack.archive}
    for it, text in [(it, it.inputs[path]) for type_, path in DOCUMENTS.items() for it in stack.of(type_)]:
        for part in many(json.loads(text)["Statement"]):
            let = part.get("Principal", "*") if part["Effect"] == "Allow" else {}
            if "Federated" in let:
                bound = [part["Condition"].get(it) or {} for it in ("StringEquals", "StringLike")]
                token = {key.lower(): {*many(of)} for each in bound for key, of in each.items()}
                ours = [*let] == ["Federated"] and all(it.endswith(f"/{host}") for it in many(let["Federated"]))
                ours = ours and token[f"{host}:aud"] == {"sts.amazonaws.com"} and token[f"{host}:sub"] <= jobs
                demand(ours, f"{it.urn}: {let}")
            arns = many(let if isinstance(let, str) else let.get("AWS", []))
            inside = [re.match(r"(?:arn:aws:iam::)?(\d+)(?::|$)", arn) for arn in arns]
            demand(all(one and one[1] in accounts for one in inside), f"{it.urn} lets in {arns}")

def keys(stack: Stack) -> Json:
    """T6: each bucket under a key of this stack in its region, in hardware, declared outside or confined to a site."""
    chains, held, own = [], stack.held, stack.deployment["organization"]
    for key in stack.of(KEY):
        vault, region = stack.named(key, "managementEndpoint", VAULT), stack.region(key)
        demand(stack.region(vault) == region and region in US, f"{key.urn} is kept elsewhere")
        mode, kind, refers = key.inputs.get("protectionMode"), vault.inputs.get("vaultType"), ["externalKeyReference"]
        given = [it for it in (*refers, "restoreFromObjectStore", "restoreFromFile") if it in key.inputs]
        made = mode == "HSM" and not given and kind in ("DEFAULT", "VIRTUAL_PRIVATE")
        named = held and mode == kind == "EXTERNAL" and given == refers and key.inputs[refers[0]]["externalKeyId"]
        made = made or (named and named in held["regions"][region]["keys"].values())
        demand(made, f"{key.urn} is neither made and kept in hardware nor declared outside")
    for vault in stack.of(VAULT):
        demand(vault.inputs.get("vaultType") != "EXTERNAL" or outside(stack, vault), f"{vault.urn} is not as declared")
    for bucket in stack.of(BUCKET):
        key, name, region = stack.named(bucket, "kmsKeyId", KEY), bucket.inputs["name"], stack.region(bucket)
        demand(region == stack.region(key), f"{bucket.urn} is under a key of another region")
        of = {it.get("class") for one, it in stack.datasets.items() if name.startswith(f"{own}-{one}-")} == {"public"}
        demand(bucket.inputs.get("accessType") in (None, "NoPublicAccess", of and "ObjectReadWithoutList"), bucket.urn)
        ids = [held["regions"][region]["keys"][it.get("class", "protected")] for one, it in stack.datasets.items()
                if held and re.fullmatch(rf"{own}-{one}(-\d+)?-{US[region]}", name)]
        given = [(key.inputs.get("externalKeyReference") or {}).get("externalKeyId")]
        demand(not held or name == f"{own}-audit-{US[region]}" or ids == given, f"{bucket.urn} is under another key")
        chains.append([bucket.urn, key.urn, stack.named(key, "managementEndpoint", VAULT).urn])
    for bucket in stack.of(S3):
        rules = stack.by_name.get((ENCRYPTION, str(bucket.inputs.get("bucket"))), [])
        demand(len(rules) == 1 and rules[0].inputs.get("rules"), f"{bucket.urn} has {len(rules)} encryption rules")
        for rule in rules[0].inputs["rules"]:
            by = rule["applyServerSideEncryptionByDefault"]
            demand(by["sseAlgorithm"] in ("aws:kms", "aws:kms:dsse"), f"{bucket.urn} is not encrypted by KMS")
            key = stack.named(rules[0], "rules", SITE_KEY, by["kmsMasterKeyId"])
            demand(stack.region(bucket) == stack.region(key), f"{bucket.urn} is under a key of another site")
            chains.append([bucket.urn, key.urn, ""])
    for key in stack.of(SITE_KEY):
        demand(key.inputs.get("multiRegion", False) is False, f"{key.urn} is not confined to its region")
    return {"chains": chains}
def outside(stack: Stack, vault: Resource) -> bool:
    """Whether a vault refers to the declared keys only, by the declared way, and asks with a secret that is one."""
    held, path, region = stack.held, "externalKeyManagerMetadata", stack.region(vault)
    there, asks = held["regions"][region], vault.inputs[path]
    end, by = stack.named(vault, path, ENDPOINT, asks["privateEndpointId"]), asks["oauthMetadata"]
    said = [asks["externalVaultEndpointUrl"], by["clientAppId"], by["idcsAccountNameUrl"], by["clientAppSecret"],
            *map(end.inputs.get, ("externalKeyManagerIp", "port", "caBundle")), type(vault.outputs.get(path, ""))]
    ours = [there["vaultUrl"], held["clientId"], held["domain"], SECRET, there["address"], there["port"]]
    near = {stack.region(end), stack.region(stack.named(end, "subnetId", SUBNET))} == {region}
    return near and [*said, held["heldIn"]] == [*ours, there["authority"], str, "US"]

def lifecycle(stack: Stack) -> Json:
    """T7: phases in order and not over; holders kept, and deleted at a closed site only."""
    was: Json = next((it.old.outputs.get("legacySites") for it in stack.of("pulumi:pulumi:Stack") if it.old), {}) or {}
    for name, site in stack.sites.items():
        had, rests = was.get(name, {}).get("phase"), stack.receipts[name]
        step = PHASES.index(site["phase"]) - (PHASES.index(had) if had else 0)
        demand(step in ((0, 1) if had else (0,)), f"{name} goes from {had} to {site['phase']}")
        demand(site["phase"] == "closed" or stack.day < date.fromisoformat(site["expires"]), f"{name} is over")
        good = isinstance(rests, list) and all(re.fullmatch(r"[0-9a-f]{64}", it) for it in rests)
        demand(good and bool(rests) == (site["phase"] in PHASES[2:]), f"{name}: receipts")
    for it in stack.of(*HOLDERS):
        phase = None if ARCHIVE in it.provider else stack.phases.get(stack.region(it))
        demand(phase in PHASES[2:] or (it.protect and it.retain), f"{it.urn} is not protected and retained")
        demand(it.inputs.get("forceDestroy", False) is False, f"{it.urn} may be destroyed by force")
    for it in stack.gone:
        guard = it.type.startswith("aws:s3/bucket") and it.type != S3
        demand(not guard or (S3, it.inputs.get("bucket")) not in stack.by_name, f"{it.urn} is taken from its bucket")
        closed = ARCHIVE not in it.provider and stack.phases.get(it.inputs.get("region")) == "closed" and not it.retain
        demand((closed and it.op == "delete") or it.type not in HOLDERS, f"{it.urn} is lost")
    for it in stack.of("oci:ObjectStorage/objectLifecyclePolicy:ObjectLifecyclePolicy",
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"):
        wiped = it.type.startswith("aws:") and stack.phases.get(stack.region(it)) == "wipe"
        for rule in () if wiped else it.inputs.get("rules") or ():
            there = rule.get("status") != "Disabled" and {"days", "date"} & set(rule.get("expiration") or ())
            here = (rule.get("isEnabled") is not False and rule.get("action") != "ABORT"
                    and rule.get("target") not in ("previous-object-versions", "multipart-uploads"))
            demand(not (there if it.type.startswith("aws:") else here), f"{it.urn} lets objects expire")
    return {"phases": {name: [site["phase"], site["expires"]] for name, site in stack.sites.items()},
            "gone": sorted([it.urn, it.op] for it in stack.gone if it.type in HOLDERS),
            "holders": [it.urn for it in stack.of(*HOLDERS)], "receipts": {s: stack.receipts[s] for s in stack.sites}}

def completeness(stack: Stack) -> Json:
    """T8: every type has lists, every property stands in one, and what is read is known."""
    equal(sorted(stack.models), types := sorted(it for it in stack.by_type if it in stack.models), "the lists")
    for type_, resources in stack.by_type.items():
        if type_ not in stack.models:
            component = type_.startswith("usdata:index:") and not any(it.provider for it in resources)
            demand(component or type_ == "pulumi:pulumi:Stack", f"{type_} has no lists")
            continue
        for it in resources:
            demand(it.provider or type_.startswith("pulumi:providers:"), f"{it.urn} has no provider")
            walk(stack, it, stack.models[type_], it.inputs, "")
    return {"types": types, "resources": sum(len(stack.by_type[it]) for it in types)}
def walk(stack: Stack, it: Resource, lists: Json, value: Any, path: str) -> None:
    """Hold a value against its type's lists: listed all the way down, and known, or from where an id may come from."""
    if isinstance(value, dict):
        for name, item in value.items():
            at = f"{path}.{name}" if path else name
            if item is not None and not name.startswith("__") and at not in lists["irrelevant"]:
                demand(at in lists["read"] or at in lists["attributed"], f"{it.urn}: {at} stands in no list")
                walk(stack, it, lists, item, at)
    elif isinstance(value, list):
        for item in value:
            walk(stack, it, lists, item, path)
    elif isinstance(value, str) and (UNKNOWN in value or value == SECRET):
        top = path.partition(".")[0]
        allowed = {t for at, types in lists["attributed"].items() if at.partition(".")[0] == top for t in types}
        found = {stack.now[urn].type if urn in stack.now else "" for urn in it.sources.get(top, ())}
        demand(found & {*lists["attributed"].get(path, ())} and found <= allowed, f"{it.urn}: {path} is unknown")

def evidence(stack: Stack) -> Json:
    """T9: what is touched is logged, and carried into its region's locked bucket; no statement changes or reads it."""
    # Who is told, that guardrails are whole, and who may end the sites' trails is not shown: two deciders are for that.
    audit, own, oci = stack.deployment.get("audit"), stack.deployment["organization"], stack.deployment["oci"]
    if not audit:
        return {}
    late = max((site["expires"] for site in stack.sites.values() if site["phase"] != "closed"), default="")
    demand(late <= (stack.day + timedelta(days=audit["retentionDays"])).isoformat(), "a site outlives its logs")
    kept = [it.inputs for it in stack.of("oci:Audit/configuration:Configuration")]
    demand([(it["compartmentId"], it["retentionPeriodDays"]) for it in kept] == [(oci["tenancyId"], 365)], "Audit days")
    stores = {region: store(stack, f"{own}-audit-{US[region]}", region, audit) for region in oci["regions"]}
    carried, logs = set(), []
    for it in stack.of(CONNECTOR):
        region = stack.region(it)
        ours = region in stores and it.inputs["target"]["bucket"] == stores[region].inputs["name"] and apart(stack, it)
        on = ours and not it.inputs.get("tasks") and it.inputs.get("state") in (None, "ACTIVE")
        for source in it.inputs["source"]["logSources"] if on else ():
            carried |= {(region, group.urn) for group in stack.meant(it, "source", source["logGroupId"], GROUP)}
            carried.add((region, source["compartmentId"], source["logGroupId"]))
    demand({(it, oci["tenancyId"], "_Audit_Include_Subcompartment") for it in stores} <= carried, "events stay")
    for it in stack.of("oci:Logging/log:Log"):
        region, source = stack.region(it), it.inputs["configuration"]["source"]
        type_, what = LOGGED[source["service"]][0], source["resource"]
        about = stack.bucket(what, region) if type_ == BUCKET else stack.named(it, "configuration", type_, what)
        taken = (region, stack.named(it, "logGroupId", GROUP).urn) in carried
        if it.inputs.get("isEnabled") is True and taken and stack.region(about) == region:
            logs.append([about.urn, source["service"], source["category"], it.urn])
    seen = {tuple(row[:3]) for row in logs} | {(it.urn, "objectstorage", "write") for it in stores.values()}
    for service, (type_, categories) in LOGGED.items():
        lost = [it.urn for it in stack.of(type_) for kind in categories if (it.urn, service, kind) not in seen]
        demand(not lost, f"what happens to {lost} is not logged by {service}")
    for urn, kind, name, what, place, asked in stack.statements:
        ends = re.search(CHANGES, what) and holds(asked, r"request.operation=(create|get|list)\w+")
        near = kind == "group" and place in ("", own, f"{own}:audit")
        demand(not near or not (ends or re.search(READS, what)), f"{urn}: {name} may {what} where {asked}")
    trails(stack, audit["retentionDays"])
    return {"buckets": sorted([it.urn, region] for region, it in stores.items()), "logs": sorted(logs)}
def trails(stack: Stack, days: int) -> None:
    """Each account with something signs what is called and done to objects there, into a bucket that stays locked."""
    for account in {stack.archive, *(it["accountId"] for it in stack.sites.values() if it["phase"] != "closed")}:
        own = [it for it in stack.of(TRAIL, S3) if account in stack.now[it.provider].inputs[ACCOUNTS]]
        on = [it.inputs for it in own if all(it.inputs.get(flag, flag in WHOLE[2:]) is True for flag in WHOLE)]
        parts = [one for it in on for one in it["eventSelectors"] if not one.get("excludeManagementEventSources")]
        kinds = [(one, KINDS[one.get("readWriteType", "All")]) for one in parts]
        calls = {kind for one, of in kinds if one.get("includeManagementEvents", True) is True for kind in of}
        logged = {a + k for one, of in kinds for it in one.get("dataResources") or () for a in it["values"] for k in of}
        own, done = [it.inputs["bucket"] for it in own if it.type == S3], "r" if account == stack.archive else "rw"
        seen = all(f"arn:aws:s3:::{name}/{kind}" in logged for name in own for kind in done)
        demand(calls == {*"rw"} and seen, f"what is done in account {account} is not logged")
    kept = [it.inputs["rule"]["defaultRetention"] for it in stack.of(LOCK) if stack.archive in it.inputs["bucket"]]
    locked = all(it["mode"] == "COMPLIANCE" and (it.get("days") or it["years"] * 365) >= days for it in kept)
    demand(kept and locked, "the trails are not locked")
def store(stack: Stack, name: str, region: str, audit: Json) -> Resource:
    """The trail's bucket in a region, from which nobody can take what arrived before its time; else it refuses."""
    it, units = stack.bucket(name, region), {"DAYS": 1, "YEARS": 365}
    rules = [rule for rule in it.inputs["retentionRules"] if (lasts := rule.get("duration")) and audit["retentionDays"]
            <= int(lasts["timeAmount"]) * units[lasts["timeUnit"]]]
    locks = [re.fullmatch(r"(\d{4}-\d\d-\d\d)T[\d:.]+(Z|\+00:00)", rule.get("timeRuleLocked") or "") for rule in rules]
    demand(any(lock and lock[1] <= audit["lockOn"] for lock in locks), f"what is in {it.urn} can be taken out")
    public = it.inputs.get("accessType") not in (None, "NoPublicAccess")
    demand(not public and it.inputs.get("versioning") in (None, "Disabled"), f"{it.urn} can be read, or keeps versions")
    demand(apart(stack, it) and apart(stack, stack.named(it, "kmsKeyId", KEY)), f"{it.urn} is not the trail's own")
    return it
def apart(stack: Stack, it: Resource) -> bool:
    """Whether a resource is in the compartment of the trail."""
    return stack.named(it, "compartmentId", "oci:Identity/compartment:Compartment").inputs["name"] == "audit"
CHECKS = {"T1": storage, "T2": copies, "T3": traffic, "T4": network, "T5": access, "T6": keys, "T7": lifecycle,
        "T8": completeness, "T9": evidence}
STATED = ("6c4e1096d8184a6a18fe5a909b10b81b2293684b0d3e177ef5a6148bada634be",
        "bf5ee278f88ef528bd6fb37e9a71d44df2a877817dda0982b9dddfc2f11648b0")
"""Digests of the theorems, each with what it assumes, proved: without keys held outside and with, by whom left out."""
def check(certificate: Json, document: Json) -> list[str]:
    """Refuse, or return what was accepted, as lines for people."""
    stack, theorems = Stack(document, certificate), certificate["theorems"]
    declared = (document.get("config") or {}).get("usdata:deployment", stack.deployment)
    whose = "certificate" if declared is stack.deployment else "preview"
    declared = json.loads(declared) if isinstance(declared, str) else declared
    equal(stack.deployment, declared["value"] if set(declared) == {"value"} else declared, "the declarations")
    derived = {"certificate": 1, "from": "preview" if "steps" in document else "state", "resources": len(stack.now),
        "providers": sorted({f"{it.type.rpartition(':')[2]} {it.inputs.get('version')}" for type_ in stack.by_type
                for it in stack.of(type_) if type_.startswith("pulumi:providers:")}),
        "digests": stack.digests(), "seal": sha256(canonical({k: v for k, v in certificate.items() if k != "seal"}))}
    for name, value in derived.items():
        equal(certificate[name], value, f"{name} (digest)" if name == "digests" else name)
    demand(all(f"urn:pulumi:{certificate['stack']}::usdata::" in urn for urn in stack.now), "it is of another stack")
    by = f"{stack.held.get('holder')} holds"
    stated = [[it["id"], it["title"], [a.removeprefix(by) for a in it["assumptions"]], it["answer"]] for it in theorems]
    equal(sha256(canonical(stated)), STATED[bool(stack.held)], "the theorems and their assumptions")
    for it in theorems:
        equal(it["evidence"], CHECKS[it["id"]](stack) or {}, it["id"])
    return [f"ACCEPTED  stack {certificate['stack']}, {stack.day}: {len(CHECKS)} theorems, {len(stack.now)} resources",
            f"          lists of properties sha256:{sha256(canonical(stack.models))}",
            f"          declarations are the {whose}'s own",
            *(f"          {it['id']} assumes: {line}" for it in theorems for line in it["assumptions"])]
def main(arguments: list[str]) -> int:
    """The command line."""
    try:
        certificate, document = (json.loads(Path(it).read_text(encoding="utf-8"), object_pairs_hook=lambda pairs:
                SECRET if (SIGNATURE, SECRET_MARK) in pairs else dict(pairs)) for it in arguments[:2])
    except (OSError, ValueError) as error:
        print(f"checker: {error}\n\n{__doc__}", file=sys.stderr)
        return 2
    try:
        demand(arguments[2:] in ([], ["--models", sha256(canonical(certificate["models"]))]), "the lists are others")
        print("\n".join(check(certificate, document)))
    except (RefusedError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        print("REFUSED  ", *([] if isinstance(error, RefusedError) else ["malformed:", type(error).__name__]), error)
        return 1
    return 0
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
