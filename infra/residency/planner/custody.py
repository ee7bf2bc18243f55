"""Plans who holds the keys outside Oracle, and how each region reaches them.

Refuses a region or a class without a key, and a key without either; one key for two of them; a manager that is not
reached at a private address outside this stack's own networks, over TLS, by authorities whose certificates are there; a
holder outside the United States, as far as it is declared; and the application's secret where it has no use, or its
absence where it has. What the secret is, it neither knows nor could: it stands encrypted beside the deployment value.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from ipaddress import AddressValueError, IPv4Address

from infra.residency.dataset import DataClass
from infra.residency.deployment import DeploymentRequest
from infra.residency.findings import Finding, Rule, did_you_mean, join, said, visible
from infra.residency.keys import ExternalCustody, KeyManager
from infra.residency.keys_request import ExternalKeysRequest, KeyManagerRequest
from infra.residency.placement import Network
from infra.residency.planner import forms
from infra.residency.planner.networks import PRIVATE_RANGES, Regions, keys_block, keys_vcn

SECRET_PATH = "config.usdata:keyManagerSecret"  # noqa: S105 - where it stands
"""Where the application's secret stands in the stack file: encrypted, beside the deployment value."""

_PATH, _REGIONS = "keys.external", "keys.external.regions"
_COUNTRY = "US"
_LAST_PORT = 65535
_CLASSES = tuple(it.value for it in DataClass)
_MOST_BUNDLE = 32 << 10
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=\n]+?)\n-----END CERTIFICATE-----\n*")


def plan_custody(
    request: DeploymentRequest, regions: Regions | None, findings: list[Finding], *, external: bool
) -> ExternalCustody | None:
    """Who holds the keys; None where nobody does outside Oracle, or something about it is not allowed.

    Args:
        request: the whole request.
        regions: the regions in use; None where those are refused.
        findings: takes what is not allowed.
        external: whether the stack file names the kind of vault that refers to keys outside.
    """
    before, asked = len(findings), request.keys.external
    findings.extend(_together(request, external=external))
    if asked is None or not external:
        return None
    findings.extend(_holder(asked))
    networks = {it.region.value: it for it in regions.networks} if regions is not None else {}
    if regions is not None:
        findings.extend(_exactly(_REGIONS, tuple(networks), asked.regions, "region"))
    for name, manager in sorted(asked.regions.items()):
        findings.extend(_manager(manager, join(_REGIONS, name), tuple(networks.values())))
    findings.extend(_twice(asked))
    if regions is None or len(findings) > before:
        return None
    return ExternalCustody(
        holder=asked.holder,
        domain_url=asked.domain_url,
        client_id=asked.client_id,
        managers={network.region: _planned(asked.regions[name], network) for name, network in sorted(networks.items())},
    )


def _planned(asked: KeyManagerRequest, network: Network) -> KeyManager:
    return KeyManager(
        url=asked.vault_url,
        address=IPv4Address(asked.address),
        port=asked.port,
        authority=asked.authority,
        vcn=keys_vcn(network.cidr),
        subnet=keys_block(network.cidr),
        keys={data_class: asked.keys[data_class] for data_class in DataClass},
    )


def _together(request: DeploymentRequest, *, external: bool) -> Iterator[Finding]:
    """Kind of vault, section and secret come together or not at all."""
    keys = request.keys
    for path, there, what, how in (
        (_PATH, keys.external is not None, "who holds the keys", "add keys.external (stacks/README.md)"),
        (
            SECRET_PATH,
            keys.client_secret,
            "the secret of the application that Oracle is known by at the key manager",
            "python -m infra.deploy seal asks for it and prints what to write (docs/deploy.md)",
        ),
    ):
        if there is external:
            continue
        yield Finding(
            path=path,
            rule=Rule.KEYS,
            given="nothing" if external else f"{what}, and keys.vault: {said(visible(keys.vault))}",
            allowed=what if external else "no such key, where the keys are in Oracle's own hardware",
            why="keys are held outside Oracle altogether or not at all",
            fix=how if external else "write vault: external, or remove it",
            basis=("keys.vault",),
        )


def _holder(asked: ExternalKeysRequest) -> Iterator[Finding]:
    checks = (
        forms.HOLDER.finding(asked.holder, join(_PATH, "holder")),
        forms.KEYS_DOMAIN.finding(asked.domain_url, join(_PATH, "domain")),
        forms.KEYS_CLIENT.finding(asked.client_id, join(_PATH, "clientId")),
    )
    yield from filter(None, checks)
    if asked.held_in != _COUNTRY:
        yield Finding(
            path=join(_PATH, "heldIn"),
            rule=Rule.KEYS,
            given=said(asked.held_in),
            allowed=_COUNTRY,
            why="who holds the keys decides who can read; it is declared, and every proof prints it as an assumption",
            fix=f"write {_COUNTRY} where that is so; else keep the keys in Oracle's hardware in the United States",
        )


def _exactly(path: str, needed: tuple[str, ...], given: Mapping[str, object], what: str) -> Iterator[Finding]:
    """One entry for each that is needed, and no other."""
    for name in sorted({*needed} - given.keys()):
        yield Finding(
            path=path,
            rule=Rule.KEYS,
            given=f"none for {name}",
            allowed=f"one for each {what}: {', '.join(sorted(needed))}",
            why="every bucket is under a key of its own region and class",
            fix=f"add {name}",
            basis=("oci.regions",) if what == "region" else (),
        )
    for name in sorted(given.keys() - {*needed}):
        yield Finding(
            path=join(path, name),
            rule=Rule.KEYS,
            given=f"{visible(name)}, which is no {what} of this stack",
            allowed=", ".join(sorted(needed)),
            why="what is not used is not kept",
            fix=did_you_mean(name, {*needed} - given.keys(), "remove it"),
            basis=("oci.regions",) if what == "region" else (),
        )


def _manager(asked: KeyManagerRequest, path: str, networks: tuple[Network, ...]) -> Iterator[Finding]:
    url = forms.KEYS_URL.finding(asked.vault_url, join(path, "vaultUrl"))
    if url is not None:
        yield url
    yield from _address(asked.address, join(path, "address"), networks)
    if not 1 <= asked.port <= _LAST_PORT:
        yield Finding(
            path=join(path, "port"),
            rule=Rule.KEYS,
            given=str(asked.port),
            allowed=f"1 to {_LAST_PORT}",
            fix="write the port on which the key manager answers, such as 443",
        )
    if (told := _no_bundle(asked.authority)) is not None:
        yield Finding(
            path=join(path, "authority"),
            rule=Rule.KEYS,
            given=told,
            allowed="certificates in PEM, one below the other, and nothing else",
            why="Oracle believes the key manager by them, and they are public; a private key would stand in the open",
            fix="write authority: | and below it -----BEGIN CERTIFICATE----- … -----END CERTIFICATE-----",
        )
    keys = join(path, "keys")
    yield from _exactly(keys, _CLASSES, asked.keys, "class")
    for data_class, id_ in sorted(asked.keys.items()):
        malformed = forms.KEYS_ID.finding(id_, join(keys, data_class))
        if malformed is not None:
            yield malformed


def _address(text: str, path: str, networks: tuple[Network, ...]) -> Iterator[Finding]:
    allowed = "a private IPv4 address (RFC 1918) outside the networks of this stack"
    try:
        address = IPv4Address(text)
    except AddressValueError:
        address = None
    inside = [it for it in networks if address is not None and address in it.cidr]
    if address is not None and any(address in it for it in PRIVATE_RANGES) and not inside:
        return
    yield Finding(
        path=path,
        rule=Rule.KEYS,
        given=f"{text}, an address of {inside[0].region}" if inside else said(text),
        allowed=allowed,
        why="a manager within this tenancy would be in Oracle's hands again" if inside else "",
        fix="write the address at which the key manager is reached over the circuit to its holder",
        basis=("oci.regions",) if inside else (),
    )


def _no_bundle(text: str) -> str | None:
    """Why a text is no bundle of certificates; never the text itself, which may be a private key."""
    if "PRIVATE KEY" in text:
        return "a private key"
    if len(text) > _MOST_BUNDLE:
        return f"{len(text)} characters"
    blocks = _BLOCK.findall(text)
    if not blocks or _BLOCK.sub("", text):
        return "a text that is not certificates in PEM alone" if text else said(text)
    try:
        for block in blocks:
            base64.b64decode(block.replace("\n", ""), validate=True)
    except binascii.Error:
        return "a certificate that is no base64"
    return None


def _twice(asked: ExternalKeysRequest) -> Iterator[Finding]:
    """One key for two purposes: whoever withdraws it for one withdraws it for both."""
    taken: dict[str, str] = {}
    for name, manager in sorted(asked.regions.items()):
        for data_class, id_ in sorted(manager.keys.items()):
            path = join(_REGIONS, name, "keys", data_class)
            if id_ in taken:
                yield Finding(
                    path=path,
                    rule=Rule.KEYS,
                    given=f"{visible(id_)}, which is also {taken[id_]}",
                    allowed="a key of its own for each region and class",
                    why="a key that is withdrawn, lost or given away must not take another's data with it",
                    fix="make another key at the key manager",
                )
            taken.setdefault(id_, path)
