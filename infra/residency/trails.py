"""The audit trails of the legacy sites, as plain values: what each logs, where all of it goes, and who is told of what.

One bucket in Virginia takes the trails of every site, in an AWS account that is no site's: whoever administers a site
has no say over what was written about it. The account keeps a trail of its own, so that nobody reads the bucket, or
changes what guards it, unseen. What Singapore's trail carries leaves Singapore for the United States.

The bucket is there in every phase: a site that is closed logs nothing more, and what it logged stays for as long as it
was to stay. `ArchivePlan` and its parts are made only by the planner.

Sources: AWS's pages "Receiving CloudTrail log files from multiple accounts", "Global service events" (calls of IAM are
logged and reported in Virginia, and only trails of all regions have them) and "Using S3 Object Lock".
"""

from dataclasses import dataclass
from typing import assert_never

from infra.residency import naming
from infra.residency.regions import LegacyRegion
from infra.residency.watched import Alarm, changes_pattern, reads_pattern

ARCHIVE_REGION = LegacyRegion.VIRGINIA
"""Where the one bucket is: logs name objects and people, so they are data about users, and stay in the US."""

IAM_REPORTS_IN = LegacyRegion.VIRGINIA
"""The region in which calls of services that are in no region are logged and reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailPlan:
    """The trail of one account: every call in all of its regions, and every read and write of the buckets it names.

    Attributes:
        name: the site's; of the archive's own account `archive`.
        region: where the trail is, and where the buckets are.
        live: whether there is one: of a site that is closed only what it has logged is left.
        trail: physical name.
        buckets: those whose objects are watched; of the archive reads alone, since each delivery is a write.
        readers: ARNs of roles whose reads are their daily work, of which nobody is told.
        organization: part of every name.
    """

    name: str
    region: LegacyRegion
    account_id: str
    live: bool
    trail: str
    buckets: tuple[str, ...]
    readers: tuple[str, ...]
    organization: str

    @property
    def arn(self) -> str:
        """The trail's ARN, which is what it delivers and encrypts as."""
        return f"arn:aws:cloudtrail:{self.region}:{self.account_id}:trail/{self.trail}"

    @property
    def of_archive(self) -> bool:
        """Whether it is the trail of the account that keeps the trails."""
        return self.name == naming.ARCHIVE

    @property
    def alarm_regions(self) -> tuple[LegacyRegion, ...]:
        """Where its alarms are: where its calls are reported, and where those of IAM are."""
        return tuple(sorted({self.region, IAM_REPORTS_IN}))

    @property
    def topic(self) -> str:
        """The name of its topic, in each of those regions."""
        return naming.site_alarm(self.organization, "alarms", self.name)

    def topic_arn(self, region: LegacyRegion) -> str:
        """The ARN of its topic in a region."""
        return f"arn:aws:sns:{region}:{self.account_id}:{self.topic}"

    def rule(self, alarm: Alarm) -> str:
        """The name of a rule, in each of those regions."""
        return naming.site_alarm(self.organization, alarm.value, self.name)

    def rule_arn(self, alarm: Alarm, region: LegacyRegion) -> str:
        """The ARN of a rule in a region."""
        return f"arn:aws:events:{region}:{self.account_id}:rule/{self.rule(alarm)}"

    def pattern(self, alarm: Alarm) -> str:
        """What a rule looks for, as EventBridge takes it."""
        match alarm:
            case Alarm.CHANGES:
                return changes_pattern()
            case Alarm.READS:
                return reads_pattern(self.readers)
            case _:
                assert_never(alarm)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivePlan:
    """Where the trails of the legacy sites go.

    Attributes:
        deployer_role: name of the IAM role that deploys there, and administers the bucket's key.
        key_alias: of the key that is the bucket's own.
        retention_days: how long nobody can delete what arrived, the account's root and Amazon's staff included.
        trails: of every site and of the archive's own account, sorted by name.
    """

    account_id: str
    deployer_role: str
    bucket: str
    key_alias: str
    retention_days: int
    trails: tuple[TrailPlan, ...]
