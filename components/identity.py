"""Groups and policies at the root of the tenancy, where one list shows all of them.

What it refuses:

* *A statement of its own.* Statements are values of the plan, known whole in a preview.
* *A name that is not there yet.* A statement names groups, compartments and network sources as plain text, which
  carries no dependency; so a policy depends on each of them by itself.
"""

from collections.abc import Iterable, Mapping

import pulumi
import pulumi_oci as oci

from components.base import Component
from components.tenancy import TenancyFoundation
from infra.residency.oracle_policy import Group, Statement


class IdentityComponent(Component):
    """A component that makes groups and policies; `foundation` is set before the first of them."""

    foundation: TenancyFoundation

    def group(self, name: str, description: str) -> oci.identity.Group:
        """A group of the tenancy's default identity domain, under its own name."""
        return oci.identity.Group(
            name,
            compartment_id=self.foundation.tenancy.id,
            name=name,
            description=description,
            opts=self._child(self.foundation.home),
        )

    def policy(
        self,
        name: str,
        description: str,
        statements: Iterable[Statement],
        *,
        groups: Mapping[str, oci.identity.Group] | None = None,
        beside: Iterable[pulumi.Resource] = (),
    ) -> oci.identity.Policy:
        """A policy at the root, which depends on the compartments and groups that its statements name.

        Args:
            name: logical name; the physical one is `usds-<name>`.
            description: what it is for, as people read it.
            statements: in the order in which they are written.
            groups: those of this component, by name.
            beside: what else the statements name.
        """
        written = tuple(statements)
        known = groups or {}
        named: list[pulumi.Resource] = [
            self.foundation.compartments[statement.compartment]
            for statement in written
            if statement.compartment is not None
        ]
        named += [known[s.subject.name] for s in written if isinstance(s.subject, Group)]
        return oci.identity.Policy(
            name,
            compartment_id=self.foundation.tenancy.id,
            name=f"{self.foundation.organization}-{name}",
            description=description,
            statements=[statement.text() for statement in written],
            opts=self._child(self.foundation.home, depends_on=dict.fromkeys((*named, *beside))),
        )
