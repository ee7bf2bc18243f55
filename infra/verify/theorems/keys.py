"""T6: every bucket is encrypted under a customer's key: an HSM key in a US vault, or a legacy site's own key.

A bucket in Oracle Cloud names a key of this stack in its own region, kept in hardware, in a vault of this stack there.
Where the configuration declares who holds the keys outside Oracle (`custody`), a dataset's bucket names a reference to
the key that is declared for its region and class; whatever else is held outside is refuted.
A bucket at a legacy site is encrypted by KMS under a key of its own site that is confined to one region. No key is
copied to another region, and no vault has a replica.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from infra.verify.context import Context
from infra.verify.custody import EXTERNAL, Custody, custody, reference, referring, undeclared, withheld
from infra.verify.declared import Declared
from infra.verify.graph import UNKNOWN, Graph, Node
from infra.verify.models.object_storage import BUCKET
from infra.verify.models.place import is_home, place_of
from infra.verify.models.s3 import BUCKET as S3_BUCKET
from infra.verify.models.s3 import ENCRYPTION
from infra.verify.models.vaults import AWS_KEY, KEY, VAULT
from infra.verify.search import Opinion, opinion, worst
from infra.verify.theorems.storage import said
from infra.verify.values import is_unknown, record, records
from infra.verify.verdict import Answer, Counterexample, Findings, Missing, Verdict, missing, refuted

if TYPE_CHECKING:
    from infra.verify.custody_enumeration import Enumeration

ID: Final = "T6"
TITLE: Final = "keys"
ASSUMPTIONS: Final = (
    "a key in protection mode HSM never leaves the hardware security modules of its vault's region",
    "an id that is unknown until its key exists is passed on unchanged",
)
_VAULTS: Final = frozenset({"DEFAULT", "VIRTUAL_PRIVATE"})
REPLICAS: Final = (
    "oci:Kms/vaultVerification:VaultVerification",
    "aws:kms/replicaKey:ReplicaKey",
    "aws:kms/replicaExternalKey:ReplicaExternalKey",
)
"""Types that copy keys elsewhere."""


def decide(context: Context) -> Verdict:
    """Follow each bucket to its key and each key to its vault, over the indices of ids."""
    graph, findings, held = context.graph, Findings(), custody(context.declared)
    parts = [it for part in (_at_home, _at_sites) for it in graph.ask(part, context.declared)]
    for part in parts:
        findings.add(*part.found)
    for node in graph.of(*REPLICAS):
        findings.add(refuted(node, f"{node.name} would copy a key to another region", fix="remove it"))
    chains = [chain for part in parts for chain in part.chains]
    return findings.verdict(
        ID,
        TITLE,
        examined=len(chains) + len(graph.of(KEY)),
        flows=len(chains),
        assumptions=(*ASSUMPTIONS, *((held.assumption,) if held is not None else ())),
        certificate={"chains": chains},
    )


class _Part(NamedTuple):
    """The keys of one cloud: each bucket with its key and vault, where that is whole, and what is wrong."""

    chains: list[list[str]]
    found: tuple[Counterexample | Missing, ...]


def _at_home(graph: Graph, declared: Declared) -> Iterator[_Part]:
    findings, held = Findings(), custody(declared)
    vaults = {key.urn: _vault(graph, key, held, findings) for key in graph.of(KEY)}
    for vault in graph.of(VAULT):
        findings.add(*referring(graph, vault, held))
    yield _part([], findings)
    yield from graph.each((BUCKET,), _stored, vaults, declared)


def _stored(graph: Graph, bucket: Node, vaults: dict[str, str], declared: Declared) -> Iterator[_Part]:
    findings, held = Findings(), custody(declared)
    chains = _bucket(graph, bucket, vaults, findings)
    if held is not None:
        findings.add(*withheld(declared, graph, bucket, held))
    yield _part(chains, findings)


def _at_sites(graph: Graph, _: Declared) -> Iterator[_Part]:
    findings = Findings()
    for key in graph.of(AWS_KEY):
        findings.add(*_confined(key))
    yield _part([], findings)
    yield from graph.each((S3_BUCKET,), _backed_up)


def _backed_up(graph: Graph, bucket: Node) -> Iterator[_Part]:
    findings = Findings()
    yield _part(_backup(graph, bucket, findings), findings)


def _part(chains: list[list[str]], findings: Findings) -> _Part:
    return _Part(chains, (*findings.counterexamples, *findings.missing))


def chain_of(graph: Graph, node: Node) -> list[Node]:
    """The key of a bucket and the vault it is kept in, as far as they are this stack's."""
    if node.type == BUCKET:
        key = _one(graph, node, "kmsKeyId", node.inputs.get("kmsKeyId"), KEY)
    elif node.type == S3_BUCKET:
        rules = graph.called(ENCRYPTION, "bucket", str(node.inputs.get("bucket")))
        by = [
            record(it.get("applyServerSideEncryptionByDefault"))
            for rule in rules
            for it in records(rule.inputs["rules"])
        ]
        key = _site_key(graph, rules[0], by[0].get("kmsMasterKeyId")) if by else None
    else:
        key = node if node.type in {KEY, AWS_KEY} else None
    vault = _vault_of(graph, key) if key is not None and key.type == KEY else None
    return [it for it in (key, vault) if it is not None and it is not node]


def _site_key(graph: Graph, rule: Node, value: object) -> Node | None:
    """The key of a legacy site that an encryption rule names, by id or by ARN."""
    return _one(graph, rule, "rules", value, AWS_KEY) or _by_arn(graph, value)


def _one(graph: Graph, node: Node, property_: str, value: object, type_: str) -> Node | None:
    found = graph.named(node, property_, value, type_)
    return found[0] if len(found) == 1 else None


def _bucket(graph: Graph, node: Node, vaults: dict[str, str], findings: Findings) -> list[list[str]]:
    """A bucket's key is in its own region; returns the chain where it is whole."""
    value = node.inputs.get("kmsKeyId")
    key = _one(graph, node, "kmsKeyId", value, KEY)
    if key is None:
        findings.add(_no_key(node, "kmsKeyId", value))
        return []
    here, there = place_of(graph, node), place_of(graph, key)
    if here is None or there is None or here.region != there.region:
        region = said(there.region) if there else "a region that is not known"
        findings.add(refuted(node, f"{node.name} would be encrypted under a key in {region}", path="kmsKeyId",
                             because=f"{key.name} is not in its region", fix="name the key of its own region",
                             witness={"urn": node.urn, "key": key.urn}))  # fmt: skip
    return [[node.urn, key.urn, vaults[key.urn]]]


def _no_key(node: Node, path: str, value: object) -> Counterexample | Missing:
    if value == UNKNOWN or is_unknown(value):
        return missing(node, f"the key of {node.name} is not known, and comes from no key of this stack", path=path)
    what = "under no key of its owner's" if not value else "under a key that is none of this stack's"
    return refuted(node, f"{node.name} would be encrypted {what}", path=path,
                   because=f"{path} = {value!r}", fix="name the stack's key of its region",
                   witness={"urn": node.urn, "key": ""})  # fmt: skip


def _vault(graph: Graph, key: Node, held: Custody | None, findings: Findings) -> str:
    """A key is kept in the hardware of a vault of this stack, in an allowed region; returns the vault's URN.

    Or it is a reference to a declared one, in a vault that is one, too.
    """
    outside = (mode := key.inputs.get("protectionMode")) == EXTERNAL
    if outside and held is None:
        findings.add(undeclared(key, "protectionMode"))
    elif not outside and mode != "HSM":
        findings.add(missing(key, f"how {key.name} is kept is not known", path="protectionMode") if is_unknown(mode)
                     else refuted(key, f"{key.name} would be kept in software, which can be exported",
                                  path="protectionMode", because=f"protectionMode = {mode!r}", fix='write "HSM"',
                                  witness={"urn": key.urn}))  # fmt: skip
    if (
        (key.inputs.get("externalKeyReference") and not (outside and held is not None))
        or key.inputs.get("restoreFromObjectStore")
        or key.inputs.get("restoreFromFile")
    ):
        findings.add(refuted(key, f"{key.name} would come from outside its vault", fix="let the vault make it"))
    vault = _vault_of(graph, key)
    if vault is None:
        findings.add(
            missing(key, f"the vault of {key.name} is none of this stack's, or not known", path="managementEndpoint")
        )
        return ""
    here, there = place_of(graph, key), place_of(graph, vault)
    if here is None or there is None or here.region != there.region or not is_home(there.region):
        region = said(there.region) if there else "a region that is not known"
        findings.add(refuted(key, f"{key.name} would be kept in {region}", path="managementEndpoint",
                             because=f"its vault {vault.name} is there", fix="name the vault of its own region",
                             witness={"urn": key.urn, "vault": vault.urn}))  # fmt: skip
    if outside and held is not None:
        findings.add(*reference(key, vault, held, there.region if there is not None else ""))
    elif (kind := vault.inputs.get("vaultType")) not in _VAULTS and kind != EXTERNAL:
        findings.add(missing(vault, f"{vault.name} is of type {kind}, which is not modelled", path="vaultType"))
    elif kind == EXTERNAL and held is not None and not is_unknown(mode):
        findings.add(refuted(key, f"{key.name} would be no reference, in a vault of references", path="protectionMode",
                             fix=f'write "{EXTERNAL}"', witness={"urn": key.urn}))  # fmt: skip
    return vault.urn


def _vault_of(graph: Graph, key: Node) -> Node | None:
    """The vault whose management endpoint a key names."""
    value = key.inputs.get("managementEndpoint")
    if value == UNKNOWN:
        return _one(graph, key, "managementEndpoint", value, VAULT)
    found = [vault for vault in graph.of(VAULT) if vault.outputs.get("managementEndpoint") == value]
    return found[0] if len(found) == 1 else None


def _backup(graph: Graph, node: Node, findings: Findings) -> list[list[str]]:
    """A backup is encrypted by the one rule for its bucket; returns the chain where it is whole."""
    name = str(node.inputs.get("bucket"))
    found = graph.called(ENCRYPTION, "bucket", name)
    if len(found) != 1:
        findings.add(
            refuted(
                node,
                f"{node.name} would be encrypted under no key of its owner's",
                path="bucket",
                because=f"{len(found)} encryption rules for {name}",
                fix="give it one under its site's key",
                witness={"urn": node.urn, "key": ""},
            )
        )
        return []
    (rule,), chains = found, list[list[str]]()
    path = "rules.applyServerSideEncryptionByDefault.kmsMasterKeyId"
    parts = [record(it.get("applyServerSideEncryptionByDefault")) for it in records(rule.inputs.get("rules"))]
    for part in parts or [record(None)]:
        key = _site_key(graph, rule, part.get("kmsMasterKeyId"))
        if part.get("sseAlgorithm") not in {"aws:kms", "aws:kms:dsse"} or key is None:
            findings.add(_no_key(rule, path, part.get("kmsMasterKeyId")))
            continue
        here, there = place_of(graph, node), place_of(graph, key)
        if here is None or there is None or here.region != there.region:
            findings.add(refuted(rule, f"{node.name} would be encrypted under a key of another site", path=path,
                                 because=f"{key.name} is not in its region", fix="name its own site's key",
                                 witness={"urn": node.urn, "key": key.urn}))  # fmt: skip
        chains.append([node.urn, key.urn, ""])
    return chains


def _by_arn(graph: Graph, value: object) -> Node | None:
    """The key that has that ARN."""
    found = [key for key in graph.of(AWS_KEY) if value and key.outputs.get("arn") == value]
    return found[0] if len(found) == 1 else None


def _confined(key: Node) -> list[Counterexample | Missing]:
    value: Any = key.inputs.get("multiRegion", False)
    if value is False:
        return []
    if is_unknown(value):
        return [missing(key, f"whether {key.name} is confined to its region is not known", path="multiRegion")]
    return [refuted(key, f"{key.name} could be replicated to any region", path="multiRegion",
                    because="multiRegion = true", fix="write false", witness={"urn": key.urn})]  # fmt: skip


def decide_slowly(context: Context) -> Answer:
    """Try every key for every bucket and every vault for every key, by what each says of itself."""
    return worst(opinions(context))


def opinions(context: Context) -> Iterator[Opinion]:
    """Of each bucket with its rule, each key with its vault, each vault with its endpoint, and each copy of a key."""
    from infra.verify.custody_enumeration import Enumeration  # noqa: PLC0415 (a proof does without)

    graph, nodes = context.graph, list(context.graph.nodes.values())
    keys = {kind: [it for it in nodes if it.type == kind] for kind in (KEY, AWS_KEY, VAULT)}
    held = Enumeration(context.declared.deployment, lambda it: str(_where(graph, it)), _meant)
    for bucket in (it for it in nodes if it.type in {BUCKET, S3_BUCKET}):
        rules = _rules(graph, bucket) if bucket.type == S3_BUCKET else []
        yield opinion(_slow_bucket(graph, bucket, rules, keys), bucket.urn, *(it.urn for it in rules))
        if bucket.type == BUCKET:
            yield opinion(held.bucket(bucket, keys[KEY]), bucket.urn)
    for key in keys[KEY]:
        yield opinion(_slow_key(graph, key, keys[VAULT], held), key.urn, *(it.urn for it in _vaults(key, keys[VAULT])))
    for vault in keys[VAULT]:
        yield opinion(held.vault(vault, nodes), vault.urn, *(it.urn for it in held.ends(vault, nodes)))
    yield from (opinion(_slow_confined(it.inputs.get("multiRegion", False)), it.urn) for it in keys[AWS_KEY])
    yield from (opinion(Answer.REFUTED, it.urn) for it in nodes if it.type in REPLICAS)


_ORDER: Final = [Answer.PROVED, Answer.UNDECIDED, Answer.REFUTED]


def _where(graph: Graph, node: Node) -> object:
    """The region of a resource; where nothing of its own cloud says it, something that no other has."""
    provider = graph.nodes.get(node.provider)
    if provider is None or provider.type.split(":")[-1] != node.type.split(":")[0]:
        return object()
    own = node.inputs.get("region") if node.type.startswith("aws:") else None
    return own or provider.inputs.get("region")


def _meant(node: Node, property_: str, value: object, others: list[Node], output: str = "id") -> list[Node]:
    """Those that a value can stand for: by what they say of themselves, or while unknown by where it comes from."""
    if value == UNKNOWN:
        return [it for it in others if it.urn in node.sources.get(property_, frozenset())]
    return [it for it in others if value and value in {it.id, it.outputs.get(output)}]


def _rules(graph: Graph, bucket: Node) -> list[Node]:
    """The encryption rules of a bucket at a site."""
    rules = [it for it in graph.nodes.values() if it.type == ENCRYPTION]
    return [it for it in rules if it.inputs.get("bucket") == bucket.inputs.get("bucket")]


def _vaults(key: Node, vaults: list[Node]) -> list[Node]:
    """The vaults that a key could be kept in."""
    return _meant(key, "managementEndpoint", key.inputs.get("managementEndpoint"), vaults, "managementEndpoint")


def _slow_bucket(graph: Graph, node: Node, rules: list[Node], keys: dict[str, list[Node]]) -> Answer:
    if node.type == BUCKET:
        value = node.inputs.get("kmsKeyId")
        meant = _meant(node, "kmsKeyId", value, keys[KEY])
        if len(meant) != 1:
            return Answer.UNDECIDED if value in {UNKNOWN, "[secret]"} else Answer.REFUTED
        return Answer.PROVED if _where(graph, meant[0]) == _where(graph, node) else Answer.REFUTED
    if len(rules) != 1:
        return Answer.REFUTED
    answers = list[Answer]()
    for rule in records(rules[0].inputs.get("rules")) or [record(None)]:
        by = record(rule.get("applyServerSideEncryptionByDefault"))
        value = by.get("kmsMasterKeyId")
        meant = _meant(rules[0], "rules", value, keys[AWS_KEY], "arn")
        if len(meant) != 1 or by.get("sseAlgorithm") not in {"aws:kms", "aws:kms:dsse"}:
            answers.append(Answer.UNDECIDED if value in {UNKNOWN, "[secret]"} else Answer.REFUTED)
        else:
            answers.append(Answer.PROVED if _where(graph, meant[0]) == _where(graph, node) else Answer.REFUTED)
    return max(answers, key=_ORDER.index)


def _slow_confined(value: object) -> Answer:
    if value in (UNKNOWN, "[secret]"):
        return Answer.UNDECIDED
    return Answer.PROVED if value is False else Answer.REFUTED


def _slow_key(graph: Graph, key: Node, vaults: list[Node], held: "Enumeration") -> Answer:
    mode, elsewhere = key.inputs.get("protectionMode"), ["restoreFromObjectStore", "restoreFromFile"]
    refers = mode == "EXTERNAL" and held.anybody
    if any(key.inputs.get(it) for it in (elsewhere if refers else ["externalKeyReference", *elsewhere])):
        return Answer.REFUTED
    if not refers and mode != "HSM" and mode not in {UNKNOWN, "[secret]"}:
        return Answer.REFUTED
    meant = _vaults(key, vaults)
    if len(meant) != 1:
        return Answer.UNDECIDED
    region = _where(graph, meant[0])
    if region != _where(graph, key) or region not in {"us-ashburn-1", "us-phoenix-1", "us-chicago-1", "us-sanjose-1"}:
        return Answer.REFUTED
    kind = meant[0].inputs.get("vaultType")
    if refers or (kind == "EXTERNAL" and mode == "HSM"):
        return held.key(key, meant[0]) if refers else Answer.REFUTED
    return Answer.PROVED if mode == "HSM" and kind in _VAULTS else Answer.UNDECIDED
