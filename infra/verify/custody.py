"""Keys held outside Oracle: what a stack's configuration declares of them, and whether its resources are just that.

Where they are really held, and by whom, no resource says: it is declared, and an assumption. What resources say is how
they are reached: a vault that refers to the declared one, through an endpoint in a network of this stack that leads to
the declared address and believes the declared authorities, with a secret that is one. Anything else is a key in hands
that nobody declared.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from infra.verify.declared import Declared
from infra.verify.graph import SECRET, Graph, Node
from infra.verify.models.place import place_of
from infra.verify.models.vaults import KEY
from infra.verify.values import has_unknown, is_unknown, record
from infra.verify.verdict import Counterexample, Missing, missing, refuted

EXTERNAL: Final = "EXTERNAL"
"""The type of a vault, and the protection of a key, that are only references."""
ENDPOINT: Final = "oci:Kms/ekmsPrivateEndpoint:EkmsPrivateEndpoint"
SUBNET: Final = "oci:Core/subnet:Subnet"
METADATA: Final = "externalKeyManagerMetadata"

_NAME = r"[A-Za-z0-9 .,()&+-]{1,80}"
_FIX = "change the stack file's keys.external, or take it from there"


class Custody(NamedTuple):
    """What is declared.

    Attributes:
        holder: Who holds the keys.
        domain: The identity domain in which Oracle gets its tokens for their manager.
        client: The application in it that Oracle is known by.
        regions: By region how the manager is reached, and the id of the key of each class.
    """

    holder: str
    domain: str
    client: str
    regions: Mapping[str, Any]

    @property
    def assumption(self) -> str:
        """What rests on the declaration alone."""
        return (
            f"{self.holder} holds the keys in the United States, as the configuration declares, and gives nobody else "
            "the data keys that it wraps; the circuit to it leads to nobody else"
        )

    def vault(self, region: str) -> Mapping[str, object]:
        """What a region's vault says, by path."""
        return {
            "externalVaultEndpointUrl": record(self.regions.get(region)).get("vaultUrl"),
            "oauthMetadata.clientAppId": self.client,
            "oauthMetadata.idcsAccountNameUrl": self.domain,
        }

    def endpoint(self, region: str) -> Mapping[str, object]:
        """What a region's endpoint says."""
        there = record(self.regions.get(region))
        return {
            "externalKeyManagerIp": there.get("address"),
            "port": there.get("port"),
            "caBundle": there.get("authority"),
        }

    def key(self, region: str, data_class: str) -> object:
        """The id of a key at the manager; None where none is declared."""
        return record(record(self.regions.get(region)).get("keys")).get(data_class)

    def keys(self, region: str) -> frozenset[object]:
        """The ids of a region's keys."""
        return frozenset(record(record(self.regions.get(region)).get("keys")).values())


def custody(declared: Declared) -> Custody | None:
    """Who is declared to hold the keys in the United States; None where nobody is."""
    keys = record(declared.deployment.get("keys"))
    external = record(keys.get("external"))
    holder = external.get("holder")
    if keys.get("vault") != "external" or external.get("heldIn") != "US":
        return None
    if not isinstance(holder, str) or not re.fullmatch(_NAME, holder):
        return None
    return Custody(
        holder=holder,
        domain=str(external.get("domain")),
        client=str(external.get("clientId")),
        regions=record(external.get("regions")),
    )


def withheld(declared: Declared, graph: Graph, bucket: Node, held: Custody) -> Iterator[Counterexample]:
    """A dataset's bucket is under the key that is declared for its region and class."""
    place, keys = place_of(graph, bucket), graph.named(bucket, "kmsKeyId", bucket.inputs.get("kmsKeyId"), KEY)
    region = place.region if place is not None else ""
    there = [declared.buckets(it) for it in declared.regions if it == region]
    data_class = there[0].get(str(bucket.inputs.get("name"))) if there else None
    wanted = held.key(region, data_class) if data_class is not None else None
    if len(keys) != 1 or (data_class is None and _is_trail(declared, region, bucket)):
        return  # without a key of this stack it is refuted for that
    (key,) = keys
    reference = key.inputs.get("externalKeyReference")
    given: Any = reference if is_unknown(reference) else record(reference).get("externalKeyId")
    if wanted is None or (given != wanted and not is_unknown(given)):
        yield refuted(
            bucket,
            f"{bucket.name} would not be under the key that {held.holder} holds for it",
            path="kmsKeyId",
            because=f"{key.name} refers to {given!r}, and {wanted!r} is declared",
            fix="name the key of its own region and class",
            witness={"urn": bucket.urn, "key": key.urn},
        )


def _is_trail(declared: Declared, region: str, bucket: Node) -> bool:
    """Whether a bucket has the name of its region's for logs, which are kept under keys of their own."""
    keys = [it.facts.key for it in declared.regions if it == region]
    return [bucket.inputs.get("name")] == [f"{declared.organization}-audit-{key}" for key in keys]


def referring(graph: Graph, vault: Node, held: Custody | None) -> Iterator[Counterexample | Missing]:
    """A vault that only refers to keys refers to the declared ones."""
    if vault.inputs.get("vaultType") != EXTERNAL:
        if vault.inputs.get(METADATA):
            yield refuted(vault, f"{vault.name} is no external vault and names a key manager", path=METADATA,
                          fix="remove it", witness={"urn": vault.urn})  # fmt: skip
    elif held is None:
        yield undeclared(vault, "vaultType")
    else:
        yield from _as_declared(graph, vault, held)


def undeclared(node: Node, path: str) -> Counterexample:
    """What is held outside Oracle without a word in the configuration."""
    return refuted(node, f"{node.name} would be held outside Oracle, by nobody that the configuration declares",
                   path=path, because=f'{path} = "{EXTERNAL}"', fix="declare who holds the keys (keys.external)",
                   witness={"urn": node.urn})  # fmt: skip


def reference(key: Node, vault: Node, held: Custody, region: str) -> Iterator[Counterexample | Missing]:
    """A key that is only a reference names a declared one, and stands in a vault of references."""
    reference = key.inputs.get("externalKeyReference")
    given, path = record(reference).get("externalKeyId"), "externalKeyReference.externalKeyId"
    if is_unknown(reference) or is_unknown(given):
        yield missing(key, f"which key {key.name} refers to is not known", path=path)
    elif given is None or given not in held.keys(region):
        what = f"{key.name} would refer to a key that is not declared for its region"
        yield refuted(key, what, path=path, because=f"{path} = {given!r}", fix="name one of keys.external",
                      witness={"urn": key.urn})  # fmt: skip
    if (kind := vault.inputs.get("vaultType")) != EXTERNAL:
        what = f"{vault.name} is of type {kind}, and has a key that is only a reference"
        yield (
            missing(vault, what, path="vaultType")
            if is_unknown(kind)
            else refuted(vault, what, path="vaultType", fix=f'write "{EXTERNAL}"', witness={"urn": vault.urn})
        )


def _as_declared(graph: Graph, vault: Node, held: Custody) -> Iterator[Counterexample | Missing]:
    """What a vault says of keys held outside Oracle, held against the declaration; its endpoint, too."""
    given, place = vault.inputs.get(METADATA), place_of(graph, vault)
    if given is None or is_unknown(given):
        yield missing(vault, f"whose keys {vault.name} refers to is not known", path=METADATA)
        return
    region = place.region if place is not None else ""
    yield from _alike(vault, held.vault(region), record(given), f"{METADATA}.")
    yield from _hidden(vault, record(given))
    named = record(given).get("privateEndpointId")
    found = graph.named(vault, METADATA, named, ENDPOINT)
    if len(found) != 1:
        path = f"{METADATA}.privateEndpointId"
        what = f"{vault.name} would ask a key manager through an endpoint that is none of this stack's"
        yield (
            missing(vault, what, path=path)
            if is_unknown(named)
            else refuted(vault, what, path=path, because=f"{path} = {named!r}", fix=_FIX, witness={"urn": vault.urn})
        )
        return
    yield from _alike(found[0], held.endpoint(region), found[0].inputs, "")
    yield from _at_home(graph, found[0], region)


def _alike(
    node: Node, wanted: Mapping[str, object], given: Mapping[str, Any], above: str
) -> Iterator[Counterexample | Missing]:
    for path, value in wanted.items():
        found: Any = given
        for name in path.split("."):
            found = record(found).get(name)
        if has_unknown(found):
            yield missing(node, f"{above}{path} of {node.name} is not known", path=f"{above}{path}")
        elif value is None or found != value:
            yield refuted(
                node,
                f"{node.name} would lead to keys that nobody is declared to hold",
                path=f"{above}{path}",
                because=f"it says {_short(found)}, and the configuration {_short(value)}",
                fix=_FIX,
                witness={"urn": node.urn, "path": f"{above}{path}"},
            )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"


_SHORT = 80


def _hidden(vault: Node, given: Mapping[str, Any]) -> Iterator[Counterexample]:
    """The secret with which the manager is asked is a secret, in what goes in and in what comes back."""
    inside = record(given.get("oauthMetadata")).get("clientAppSecret")
    back = record(record(record(vault.outputs).get(METADATA)).get("oauthMetadata")).get("clientAppSecret", SECRET)
    if (inside, back) != (SECRET, SECRET):
        path = f"{METADATA}.oauthMetadata.clientAppSecret"
        yield refuted(
            vault,
            f"the secret with which {vault.name} asks for its keys would stand in the clear",
            path=path,
            because="it is not marked as a secret (what it is, is not shown)",
            fix="take it from the configuration's secret, and replace it where it is made",
            witness={"urn": vault.urn, "path": path},
        )


def _at_home(graph: Graph, endpoint: Node, region: str) -> Iterator[Counterexample | Missing]:
    value = endpoint.inputs.get("subnetId")
    subnets = graph.named(endpoint, "subnetId", value, SUBNET)
    if is_unknown(value) and len(subnets) != 1:
        yield missing(endpoint, f"the network of {endpoint.name} is not known", path="subnetId")
        return
    places = [place_of(graph, it) for it in (endpoint, *subnets)]
    if len(subnets) != 1 or any(it is None or it.region != region for it in places):
        yield refuted(
            endpoint,
            f"{endpoint.name} would stand in a network that is none of this stack's in its vault's region",
            path="subnetId",
            because=f"the vault is in {region}",
            fix=_FIX,
            witness={"urn": endpoint.urn, "path": "subnetId"},
        )
