"""The stack that is killed again and again, and the phases of its life.

It is the sandbox stack in little: one dataset, both clouds, one hostname with an edge in each region, and one bucket
that was there before and is adopted. Each phase edits the settings of the one before, so that there is something to do.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from infra.engine.options import Command
from infra.sandbox import seeding

if TYPE_CHECKING:
    from pathlib import Path

NAME: Final = "sandbox"
AS_OF: Final = date(2026, 11, 23)

_CREATED = """\
config:
  usdata:deployment:
    organization: usds
    oci:
      tenancyId: ocid1.tenancy.oc1..aaaaaaaasandbox
      homeRegion: us-ashburn-1
      objectStorageNamespace: axsandbox
      auth: {method: ApiKey, profile: sandbox}
      regions:
        us-ashburn-1: {role: primary, cidr: 10.16.0.0/16, serviceId: ocid1.service.oc1.iad.aaaaaaaaone}
        us-phoenix-1: {role: standby, cidr: 10.17.0.0/16, serviceId: ocid1.service.oc1.phx.aaaaaaaaone}
    datasets:
      metrics:
        class: excepted
        reason: global capacity planning
        expires: "2027-06-30"
        export: {name: capacity-planning, group: capacity-planners}
    traffic:
      zone: us.example.com
      edges:
        us-ashburn-1:
          certificateId: ocid1.certificate.oc1.iad.aaaaaaaaone
          authorityId: ocid1.cabundle.oc1.iad.aaaaaaaaone
          backendPort: 8443
          backends: {app: 10.16.32.10}
        us-phoenix-1:
          certificateId: ocid1.certificate.oc1.phx.aaaaaaaaone
          authorityId: ocid1.cabundle.oc1.phx.aaaaaaaaone
          backendPort: 8443
          backends: {app: 10.17.32.10}
      hostnames:
        api: {health: /healthz, weights: {us-ashburn-1: 70, us-phoenix-1: 30}}
    legacy:
      sites:
        virginia:
          region: us-east-1
          accountId: "111111111111"
          deployerRole: usdata-deployer
          phase: backup
          expires: "2027-03-31"
          adopt: {metrics: tt-metrics-backup}
"""

_UPDATED = (
    ("profile: sandbox", "profile: deployer"),  # every provider of Oracle's
    ("ocid1.service.oc1.iad.aaaaaaaaone", "ocid1.service.oc1.iad.aaaaaaaatwo"),
    ("2027-06-30", "2027-07-31"),
    ("ocid1.certificate.oc1.iad.aaaaaaaaone", "ocid1.certificate.oc1.iad.aaaaaaaatwo"),
    ("ocid1.cabundle.oc1.phx.aaaaaaaaone", "ocid1.cabundle.oc1.phx.aaaaaaaatwo"),
    ("health: /healthz", "health: /ready"),
    ("deployerRole: usdata-deployer", "deployerRole: usdata-releases"),  # the provider of AWS, a key, bucket policies
)

_REPLACED = (
    ("us-ashburn-1: 70, us-phoenix-1: 30", "us-ashburn-1: 60, us-phoenix-1: 40"),  # deleted before they are replaced
    ("app: 10.17.32.10", "app: 10.17.32.11"),  # replaced before it is deleted
    ("group: capacity-planners", "group: capacity-readers"),  # one goes, another one comes, a policy is updated
)


def fill_clouds(database: Path) -> None:
    """Put into new clouds what is there before the stack: the bucket that it adopts."""
    seeding.seed(database, "aws:s3/bucket:Bucket", "tt-metrics-backup", account="111111111111", region="us-east-1")


class Phase(StrEnum):
    """A part of the stack's life; each begins where the one before ended."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"

    @property
    def command(self) -> Command:
        """What carries it out."""
        return Command.DESTROY if self is Phase.DELETE else Command.UP

    @property
    def stack_file(self) -> str:
        """The text of the stack file in this phase."""
        edits = {Phase.CREATE: (), Phase.UPDATE: _UPDATED}.get(self, (*_UPDATED, *_REPLACED))
        text = _CREATED
        for old, new in edits:
            if old not in text:
                raise LookupError(f"the stack file has no {old!r} to edit")
            text = text.replace(old, new)
        return text
