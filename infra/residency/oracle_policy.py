"""Statements of Oracle Cloud's policies, as typed values: who may do what, where, and under which conditions.

No statement is ever put together from text. What this tree cannot say cannot be granted: there is no `any-user` but
for connectors that write logs into one bucket (`Connectors`, which brings its conditions along), no `endorse`, no
`admit`, no name that is a pattern, and nothing that `oracle_vocabulary` has no word for. What a statement amounts to
is told by `oracle_powers`.

Sources: Oracle's pages "Policy Syntax", "Advanced Policy Features" (permissions in place of a verb, conditions),
"Common Policies" (one `any` inside an `all`), "Details for Object Storage and Archive Storage" (tags of buckets),
"Restricting Access to Resources Based on Time Frame" (times in ISO 8601, evaluated as UTC), "Using Tags to Manage
Access" (the tag of a requesting resource's compartment) and "Connector Hub IAM Policies" (`any-user` with the type of
the principal).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum

from infra.residency.compartment import Compartment
from infra.residency.oracle_vocabulary import Family, Permission, Verb

MOST_STATEMENTS = 50
"""In one policy (Oracle's page "Service Limits")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The members of a group of the tenancy's default identity domain."""

    name: str

    def text(self) -> str:
        """As a statement names it."""
        return f"group {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One of Oracle's services, by the principal that it has in one region."""

    principal: str

    def text(self) -> str:
        """As a statement names it."""
        return f"service {self.principal}"


SENDS = "sends"
"""The tag, in the organization's own namespace, of the one compartment whose connectors may write..."""

LOGS = "logs"
"""...and its one value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connectors:
    """Connectors on their way into one bucket: the one `any-user` that there is, since a connector is nobody by name.

    Never without its conditions: it is a connector, of the compartment that is tagged for it, and the bucket is the
    one. By the compartment's tag and not its OCID, which a first preview could not know.
    """

    organization: str
    bucket: str

    def text(self) -> str:
        """As a statement names it."""
        return "any-user"

    def conditions(self) -> "tuple[Comparison, ...]":
        """What every statement about it is narrowed to."""
        return (
            Equals(variable=Variable.PRINCIPAL_TYPE, value="serviceconnector"),
            Equals(variable=Variable.BUCKET, value=self.bucket),
            FromTagged(namespace=self.organization, tag=SENDS, value=LOGS),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbs:
    """A verb on a family."""

    verb: Verb
    family: Family

    def text(self) -> str:
        """As a statement says it."""
        return f"{self.verb} {self.family}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """Exactly these permissions, where the nearest verb would bring more."""

    of: tuple[Permission, ...]

    def text(self) -> str:
        """As a statement says it."""
        return f"{{{', '.join(self.of)}}}"


class Variable(StrEnum):
    """What a condition looks at. Where a call does not carry it, the condition is false: an allow fails closed."""

    BUCKET = "target.bucket.name"
    NETWORK_SOURCE = "request.networkSource.name"
    OPERATION = "request.operation"
    PERMISSION = "request.permission"
    PRINCIPAL_TYPE = "request.principal.type"
    REGION = "request.region"


@dataclass(frozen=True, slots=True, kw_only=True)
class Equals:
    """The variable has the value. `REGION` is compared with a region's key, such as `iad`."""

    variable: Variable
    value: str

    def text(self) -> str:
        """As a statement writes it."""
        return f"{self.variable}='{self.value}'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """The bucket carries a defined tag; one whose tag was taken off is out of reach."""

    namespace: str
    name: str
    value: str

    def text(self) -> str:
        """As a statement writes it."""
        return f"target.bucket.tag.{self.namespace}.{self.name}='{self.value}'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The request comes before a moment (UTC)."""

    moment: datetime

    def text(self) -> str:
        """As a statement writes it."""
        return f"request.utc-timestamp before '{self.moment:%Y-%m-%dT%H:%M:%SZ}'"


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """The request comes after a moment (UTC)."""

    moment: datetime

    def text(self) -> str:
        """As a statement writes it."""
        return f"request.utc-timestamp after '{self.moment:%Y-%m-%dT%H:%M:%SZ}'"


def before(day: date) -> Before:
    """The request comes before a day begins."""
    return Before(moment=datetime.combine(day, time(tzinfo=UTC)))


@dataclass(frozen=True, slots=True, kw_only=True)
class FromTagged:
    """The request comes from a resource in a compartment that has this value of a tag."""

    namespace: str
    tag: str
    value: str

    def text(self) -> str:
        """As a statement writes it."""
        return f"request.principal.compartment.tag.{self.namespace}.{self.tag}='{self.value}'"


Comparison = Equals | Tagged | FromTagged | Before | After


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """At least one of several comparisons holds."""

    of: tuple[Comparison, ...]

    def text(self) -> str:
        """As a statement writes it inside an `all`; a single comparison stands for itself."""
        if len(self.of) == 1:
            return self.of[0].text()
        return f"any {{{', '.join(comparison.text() for comparison in self.of)}}}"


def one_of(variable: Variable, values: tuple[str, ...]) -> OneOf:
    """The variable has one of the values, of which there is at least one."""
    return OneOf(of=tuple(Equals(variable=variable, value=value) for value in values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One `Allow` of a policy at the root of the tenancy.

    Attributes:
        compartment: where it holds, whatever is inside included; None is the whole tenancy.
        conditions: all of them must hold, and those of the subject.
    """

    subject: Group | Service | Connectors
    what: Verbs | Permissions
    organization: str
    compartment: Compartment | None
    conditions: tuple[Comparison | OneOf, ...] = ()

    def text(self) -> str:
        """The statement in Oracle's words."""
        place = "tenancy" if self.compartment is None else f"compartment {self.compartment.path(self.organization)}"
        return f"Allow {self.subject.text()} to {self.what.text()} in {place}{self._where()}"

    def _where(self) -> str:
        own = self.subject.conditions() if isinstance(self.subject, Connectors) else ()
        match (*own, *self.conditions):
            case ():
                return ""
            case (OneOf(of=(_, _, *_)) as only,):
                return f" where {only.text()}"
            case conditions:
                return f" where all {{{', '.join(condition.text() for condition in conditions)}}}"
