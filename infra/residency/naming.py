"""Names: what a planned thing is called, logically (stable keys of the plan) and physically (in the clouds).

Physical names carry the region's key, so that a holder which moves is another holder. Names of AWS buckets also carry
the account: bucket names are global there, and a name that anyone can predict anyone can take first.

The first shard has no number, so that a dataset which grows a second one renames nothing.
"""

from infra.residency.dataset import DataClass
from infra.residency.regions import LegacyRegion, UsRegion
from infra.residency.traffic import RecordType

STATE = "state"
"""What the bucket of a stack's state is called where another is called by its dataset; no dataset may be."""

REPORTS = "reports"
"""What the bucket for a site's inventories is called where another is called by its dataset; no dataset may be."""

AUDIT = "audit"
"""What a bucket for logs is called where another is called by its dataset; no dataset may be."""


def shard(dataset: str, number: int) -> str:
    """The logical name of a shard: `videos`, `videos-1`, ..."""
    return f"{dataset}-{number}" if number else dataset


def placement(dataset: str, number: int, region: UsRegion) -> str:
    """The logical name of a placement: `videos-1-us-ashburn-1`."""
    return f"{shard(dataset, number)}-{region}"


def oracle_bucket(organization: str, dataset: str, number: int, region: UsRegion) -> str:
    """The physical name of a shard's bucket in Oracle Cloud: `usds-videos-1-iad`."""
    return f"{organization}-{shard(dataset, number)}-{region.facts.key}"


def s3_endpoint(namespace: str, region: UsRegion) -> str:
    """Object Storage's S3-compatible endpoint (Oracle's page "Amazon S3 Compatibility API")."""
    return f"https://{namespace}.compat.objectstorage.{region}.oraclecloud.com"


def vault(organization: str, region: UsRegion) -> str:
    """The physical name of a region's vault: `usds-vault-iad`."""
    return f"{organization}-vault-{region.facts.key}"


def key(organization: str, data_class: DataClass, region: UsRegion) -> str:
    """The physical name of the HSM key of a data class in a region: `usds-protected-iad`."""
    return f"{organization}-{data_class}-{region.facts.key}"


def state(organization: str, region: UsRegion) -> str:
    """The physical name of the bucket, vault and key of a state: `usds-state-iad`; no dataset may be called so."""
    return f"{organization}-{STATE}-{region.facts.key}"


def audit_bucket(organization: str, region: UsRegion) -> str:
    """The physical name of a region's bucket for logs: `usds-audit-iad`."""
    return oracle_bucket(organization, AUDIT, 0, region)


def audit_key(organization: str, region: UsRegion) -> str:
    """The physical name of the HSM key of a region's bucket for logs: `usds-audit-key-iad`."""
    return f"{organization}-{AUDIT}-key-{region.facts.key}"


def audit_vault(organization: str, region: UsRegion) -> str:
    """The physical name of the vault of that key: `usds-audit-vault-iad`."""
    return f"{organization}-{AUDIT}-vault-{region.facts.key}"


def alarm_topic(organization: str, region: UsRegion) -> str:
    """The name of the topic that a region's alarms are told to: `usds-alarms-iad`."""
    return f"{organization}-alarms-{region.facts.key}"


ARCHIVE = "archive"
"""What is called by its site where it is a site's own: the trail of the account that keeps the trails."""


def archive_bucket(organization: str, region: LegacyRegion, account_id: str) -> str:
    """The physical name of the bucket for the legacy sites' trails: `usds-audit-use1-444444444444`."""
    return backup_bucket(organization, AUDIT, region, account_id)


def archive_key_alias(organization: str) -> str:
    """The alias of that bucket's KMS key: `alias/usds-audit-archive`."""
    return f"alias/{organization}-{AUDIT}-{ARCHIVE}"


def trail(organization: str, site: str) -> str:
    """The name of a site's trail: `usds-trail-virginia`."""
    return f"{organization}-trail-{site}"


def site_alarm(organization: str, what: str, site: str) -> str:
    """The name of a topic or rule of a site: `usds-alarms-virginia`, `usds-changes-virginia`."""
    return f"{organization}-{what}-{site}"


def backup(dataset: str, site: str) -> str:
    """The logical name of a dataset's backup at a site: `profiles-virginia`."""
    return f"{dataset}-{site}"


def backup_bucket(organization: str, dataset: str, region: LegacyRegion, account_id: str) -> str:
    """The physical name of a backup's bucket: `usds-profiles-use1-111111111111`."""
    return f"{organization}-{dataset}-{region.facts.key}-{account_id}"


def reports_bucket(organization: str, region: LegacyRegion, account_id: str) -> str:
    """The physical name of the bucket for a site's inventories: `usds-reports-use1-111111111111`."""
    return backup_bucket(organization, REPORTS, region, account_id)


def key_alias(organization: str, site: str) -> str:
    """The alias of a site's KMS key: `alias/usds-backup-virginia`."""
    return f"alias/{organization}-backup-{site}"


def transfer_role(organization: str, site: str) -> str:
    """The name of the IAM role that writes a site's backups: `usds-transfer-virginia`."""
    return f"{organization}-transfer-{site}"


def retirement_role(organization: str, site: str) -> str:
    """The name of the IAM role that drains and wipes a site: `usds-retire-virginia`."""
    return f"{organization}-retire-{site}"


def restore_role(organization: str, site: str) -> str:
    """The name of the IAM role that reads one dataset's backup back: `usds-restore-virginia`."""
    return f"{organization}-restore-{site}"


def word(name: str) -> str:
    """A site's name as part of a statement's, which takes no hyphen; and no site's name has a capital."""
    return name.capitalize().replace("-", "X")


def boundary(organization: str) -> str:
    """The name of the IAM policy that no role of a site may go beyond: `usds-boundary`."""
    return f"{organization}-boundary"


def network_source(organization: str, name: str) -> str:
    """The name of a network source, which statements name: `usds-us-office`."""
    return f"{organization}-{name}"


def quota(organization: str, family: str) -> str:
    """The name of a family's quota policy: `usds-only-us-object-storage`."""
    return f"{organization}-only-us-{family}"


def zone_recipe(organization: str, kind: str) -> str:
    """The name of a recipe of security zones: `usds-sealed`."""
    return f"{organization}-{kind}"


def zone(organization: str, compartment: str) -> str:
    """The name of the security zone on a compartment: `usds-protected`."""
    return f"{organization}-{compartment}"


def control_policy(organization: str, purpose: str, account_id: str) -> str:
    """The name of a policy in AWS Organizations: `usds-copies`, for one account `usds-regions-111111111111`."""
    return f"{organization}-{purpose}{f'-{account_id}' if account_id else ''}"


def edge(organization: str, region: UsRegion) -> str:
    """The name of a region's public edge: `usds-edge-iad`."""
    return f"{organization}-edge-{region.facts.key}"


def answer(label: str, record_type: RecordType) -> str:
    """The logical name of what answers a hostname for a record type: `api-a`, `api-aaaa`."""
    return f"{label}-{record_type.lower()}"


def flow(source: str, target: str) -> str:
    """The logical name of a flow to a place: `profiles-us-ashburn-1-to-us-phoenix-1`, `profiles-to-virginia`."""
    return f"{source}-to-{target}"


def export(source: str) -> str:
    """The logical name of an export, of which a dataset has one at most: `metrics-export`."""
    return f"{source}-export"
