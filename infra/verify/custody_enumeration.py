"""Keys held outside Oracle, decided slowly: every name that could be meant is spelled out, and compared one by one.

Shares no rule with `custody`: what is declared is read anew, as lists of plain values, and what resources say as well.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from infra.verify.graph import Node
from infra.verify.values import has_unknown, record
from infra.verify.verdict import Answer

_ORDER: Final = [Answer.PROVED, Answer.UNDECIDED, Answer.REFUTED]
_KEYS: Final = {"us-ashburn-1": "iad", "us-phoenix-1": "phx", "us-chicago-1": "ord", "us-sanjose-1": "sjc"}
_END: Final = ":EkmsPrivateEndpoint"
_HIDDEN: Final = "[secret]"

Where = Callable[[Node], str]
Meant = Callable[[Node, str, object, list[Node]], list[Node]]


class Enumeration:
    """What a configuration declares, spelled out.

    Attributes:
        anybody: Whether somebody is declared to hold the keys in the United States.
    """

    def __init__(self, deployment: Mapping[str, Any], where: Where, meant: Meant) -> None:
        keys = record(deployment.get("keys"))
        external = record(keys.get("external"))
        name = str(external.get("holder") or "")
        plain = name.replace(" ", "").translate(str.maketrans("", "", ".,()&+-"))
        self.anybody = (
            keys.get("vault") == "external" and external.get("heldIn") == "US" and len(name) <= 80  # noqa: PLR2004
            and (plain or "x").isalnum() and plain.isascii() and bool(name)
        )  # fmt: skip
        self._where, self._meant = where, meant
        self._by: list[object] = [external.get("clientId"), external.get("domain")]
        self._regions = record(external.get("regions"))
        self._names = dict(self._spelled(deployment)) if self.anybody else {}

    def _spelled(self, deployment: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], object]]:
        """The key of every bucket that could be there, and of those for logs, which have none at the manager."""
        for region, there in self._regions.items():
            key, organization = _KEYS.get(region, ""), deployment["organization"]
            yield (region, f"{organization}-audit-{key}"), _HIDDEN
            for name, dataset in record(deployment["datasets"]).items():
                id_ = record(there.get("keys")).get(record(dataset).get("class", "protected"))
                yield (region, f"{organization}-{name}-{key}"), id_
                for number in range(1, int(record(dataset).get("shards", 1))):
                    yield (region, f"{organization}-{name}-{number}-{key}"), id_

    def vault(self, vault: Node, nodes: list[Node]) -> Answer:
        """Whether a vault refers to what is declared, if to anything."""
        given = vault.inputs.get("externalKeyManagerMetadata")
        if vault.inputs.get("vaultType") != "EXTERNAL":
            return Answer.REFUTED if given else Answer.PROVED
        if not self.anybody:
            return Answer.REFUTED
        if given is None or has_unknown(given if isinstance(given, str) else ""):
            return Answer.UNDECIDED
        region = self._where(vault)
        given = record(given)
        there, by = record(self._regions.get(region)), record(given.get("oauthMetadata"))
        back = record(record(vault.outputs.get("externalKeyManagerMetadata")).get("oauthMetadata"))
        answers = [
            Answer.PROVED
            if by.get("clientAppSecret") == _HIDDEN and back.get("clientAppSecret", _HIDDEN) == _HIDDEN
            else Answer.REFUTED,
            _same(given.get("externalVaultEndpointUrl"), there.get("vaultUrl")),
            _same(by.get("clientAppId"), self._by[0]),
            _same(by.get("idcsAccountNameUrl"), self._by[1]),
        ]
        named, found = given.get("privateEndpointId"), self.ends(vault, nodes)
        if len(found) != 1:
            answers.append(Answer.UNDECIDED if has_unknown(named) else Answer.REFUTED)
        else:
            answers += self._end(found[0], there, region, nodes)
        return max(answers, key=_ORDER.index)

    def ends(self, vault: Node, nodes: list[Node]) -> list[Node]:
        """The endpoints through which a vault could ask its manager."""
        given, ends = vault.inputs.get("externalKeyManagerMetadata"), [it for it in nodes if it.type.endswith(_END)]
        return self._meant(vault, "externalKeyManagerMetadata", record(given).get("privateEndpointId"), ends)

    def _end(self, end: Node, there: Mapping[str, Any], region: str, nodes: list[Node]) -> Iterator[Answer]:
        for said, declared in (("externalKeyManagerIp", "address"), ("port", "port"), ("caBundle", "authority")):
            yield _same(end.inputs.get(said), there.get(declared))
        value = end.inputs.get("subnetId")
        subnets = self._meant(end, "subnetId", value, [it for it in nodes if it.type.endswith(":Subnet")])
        if len(subnets) == 1:
            yield Answer.PROVED if self._where(end) == self._where(subnets[0]) == region else Answer.REFUTED
        else:
            yield Answer.UNDECIDED if has_unknown(value) else Answer.REFUTED

    def key(self, key: Node, vault: Node) -> Answer:
        """Whether a reference names a key that is declared for its region."""
        reference, kind = key.inputs.get("externalKeyReference"), vault.inputs.get("vaultType")
        ids = record(record(self._regions.get(self._where(vault))).get("keys")).values()
        given = reference if isinstance(reference, str) else record(reference).get("externalKeyId")
        by_id = Answer.PROVED if given in ids else Answer.REFUTED
        by_kind = Answer.PROVED if kind == "EXTERNAL" else Answer.REFUTED
        answers = [
            Answer.UNDECIDED if has_unknown(given) else by_id,
            Answer.UNDECIDED if has_unknown(kind) else by_kind,
        ]
        return max(answers, key=_ORDER.index)

    def bucket(self, bucket: Node, keys: list[Node]) -> Answer:
        """Whether a bucket is under the key that is declared for it."""
        meant = self._meant(bucket, "kmsKeyId", bucket.inputs.get("kmsKeyId"), keys)
        if not self.anybody or len(meant) != 1:
            return Answer.PROVED
        wanted = self._names.get((self._where(bucket), str(bucket.inputs.get("name"))))
        reference = meant[0].inputs.get("externalKeyReference")
        given = reference if isinstance(reference, str) else record(reference).get("externalKeyId")
        if wanted == _HIDDEN or (wanted is not None and has_unknown(given)):
            return Answer.PROVED
        return Answer.PROVED if wanted is not None and given == wanted else Answer.REFUTED


def _same(given: object, declared: object) -> Answer:
    if has_unknown(given):
        return Answer.UNDECIDED
    return Answer.PROVED if declared is not None and given == declared else Answer.REFUTED
