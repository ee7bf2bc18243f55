"""The tenancy's own: compartments, and the tags that every holder carries.

One compartment encloses all others, so that one guard covers them. Inside, data is apart by class, and apart from keys
and network. Everything here is written through the home region's provider.

What it refuses:

* *Deletion of a compartment.* `enableDelete` stays off: removing one here only makes the stack forget it.
* *A free text where a tag decides.* Data class, phase and role are closed lists, made from the kernel's own.
* *A holder that says nothing.* Where data and keys are, nothing can be made without an owner and a phase, nor data
  without its class, whoever makes it: Oracle refuses the request.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_oci as oci

from components.base import Component
from infra.residency.compartment import HOLDERS, of_class
from infra.residency.dataset import DataClass
from infra.residency.lifecycle import HolderPhase
from infra.residency.oracle_policy import LOGS, SENDS
from infra.residency.placement import Compartment, PlacementRole, Tenancy

_PURPOSES = {
    Compartment.PROTECTED: "US user data that never leaves the allowed US regions",
    Compartment.EXCEPTED: "US user data with one named export each",
    Compartment.PUBLIC: "Data that anyone may read",
    Compartment.KEYS: "Vaults and keys",
    Compartment.NETWORK: "Networks and their logs",
    Compartment.AUDIT: "The audit trail and its keys",
    Compartment.EDGE: "What faces the internet: public edges, their health checks and the DNS zone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TenancyArgs:
    """What the tenancy's own resources are made from; `home` is the home region's provider."""

    organization: str
    tenancy: Tenancy
    home: oci.Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderTags:
    """The tags of holders: what they say, and and the resources behind them.

    Attributes:
        required: in which compartments nothing can be made without which tags.
    """

    namespace: str
    owner: str
    definitions: tuple[oci.identity.Tag, ...]
    required: tuple[oci.identity.TagDefault, ...]

    @property
    def first(self) -> tuple[pulumi.Resource, ...]:
        """What is there before any holder: what its tags mean, and that it must have them."""
        return (*self.definitions, *self.required)

    def of(self, *, data_class: DataClass | None = None, role: PlacementRole | None = None) -> dict[str, str]:
        """The defined tags of a holder, or of what guards it; a vault holds keys of every class and has none itself."""
        tags = {"owner": self.owner, "phase": HolderPhase.LIVE, "data-class": data_class, "role": role}
        return {f"{self.namespace}.{name}": str(value) for name, value in tags.items() if value is not None}


class TenancyFoundation(Component):
    """The compartments and the tag namespace: what every other component in Oracle Cloud stands on.

    Attributes:
        enclosing: the compartment around all others.
        compartments: every compartment that holds resources; the enclosing one holds only these, and what guards them.
        tags: what holders are tagged with.
        home: the home region's provider, for what else belongs to the whole tenancy.
    """

    organization: str
    tenancy: Tenancy
    home: oci.Provider
    enclosing: oci.identity.Compartment
    compartments: Mapping[Compartment, oci.identity.Compartment]
    tags: HolderTags

    def __init__(self, name: str, args: TenancyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("TenancyFoundation", name, opts)
        self.organization, self.tenancy, self.home = args.organization, args.tenancy, args.home
        self.enclosing = self._compartment("enclosing", args.organization, args.tenancy.id, "Everything of this stack")
        self._namespace = oci.identity.TagNamespace(
            "tags",
            compartment_id=self.enclosing.id,
            name=self.organization,
            description="What a holder of data is, and who answers for it",
            opts=self._child(self.home),
        )
        sends = self._tag(SENDS, "What connectors of a compartment may write", (LOGS,))
        self.compartments = {
            compartment: self._compartment(
                compartment.value,
                compartment.value,
                self.enclosing.id,
                _PURPOSES[compartment],
                sends=sends if compartment is Compartment.AUDIT else None,
            )
            for compartment in Compartment
        }
        self.tags = self._tags()
        self.register_outputs({})

    def _compartment(
        self,
        logical: str,
        name: str,
        parent: pulumi.Input[str],
        description: str,
        *,
        sends: oci.identity.Tag | None = None,
    ) -> oci.identity.Compartment:
        """A compartment; with `sends` the one whose connectors may write logs."""
        return oci.identity.Compartment(
            logical,
            compartment_id=parent,
            name=name,
            description=description,
            enable_delete=False,
            defined_tags=None if sends is None else {f"{self.organization}.{SENDS}": LOGS},
            opts=self._child(self.home, depends_on=() if sends is None else (sends,)),
        )

    def _tag(self, name: str, description: str, values: tuple[str, ...] = ()) -> oci.identity.Tag:
        return oci.identity.Tag(
            name,
            tag_namespace_id=self._namespace.id,
            name=name,
            description=description,
            validator=oci.identity.TagValidatorArgs(validator_type="ENUM", values=list(values)) if values else None,
            opts=self._child(self.home),
        )

    def _tags(self) -> HolderTags:
        roles = (PlacementRole.PRIMARY, PlacementRole.REPLICA)
        data_class = self._tag("data-class", "How private the data is", tuple(it.value for it in DataClass))
        owner = self._tag("owner", "Who answers for the holder")
        phase = self._tag("phase", "In use, or how far its end has got", tuple(it.value for it in HolderPhase))
        role = self._tag("role", "Default store or replica", tuple(it.value for it in roles))
        required = [
            *((compartment, "owner", owner, self.organization) for compartment in HOLDERS),
            *((compartment, "phase", phase, HolderPhase.LIVE) for compartment in HOLDERS),
            *((of_class(of), "data-class", data_class, of) for of in DataClass),
        ]
        return HolderTags(
            namespace=self.organization,
            owner=self.organization,
            definitions=(data_class, owner, phase, role),
            required=tuple(self._required(*each) for each in required),
        )

    def _required(
        self, compartment: Compartment, name: str, tag: oci.identity.Tag, value: str
    ) -> oci.identity.TagDefault:
        """Nothing is made in a compartment without a value of this tag (page "Managing Tag Defaults")."""
        return oci.identity.TagDefault(
            f"{compartment}-{name}",
            compartment_id=self.compartments[compartment].id,
            tag_definition_id=tag.id,
            value=value,
            is_required=True,
            opts=self._child(self.home),
        )
