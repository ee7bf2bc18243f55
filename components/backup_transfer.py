"""How backups get to a legacy site: AWS DataSync tasks there that read Oracle Cloud, one for each shard of a dataset.

Each task reads one bucket through Object Storage's S3-compatible endpoint, in basic mode, through agents that stand at
the site, and writes it under the shard's prefix of the site's backup bucket. It verifies what it transferred, and its
report lies beside the site's inventories. Writing towards Oracle Cloud is the retirement tool's, not DataSync's.

What it refuses:

* *Transfer without an address.* Agentless transfer comes from no address that a network source could name; every
  location names its agents, and the read grant holds from their addresses only.
* *A key for more than reading.* The user has two secret keys, no password and one group, which reads the buckets that
  are backed up and nothing else. Raising the generation makes a fresh key in place of the older one of the two; the
  other stays while a run may still use it. Their secrets are encrypted in the state, and nowhere else.
* *Deleting.* What is deleted at the source stays in the backup.
* *Silence.* An agent through which nothing has been transferred for two days raises an alarm.

Sources: AWS's pages "Configuring transfers with object storage", "Creating a task report" and "Monitoring with Amazon
CloudWatch" (metrics of DataSync by agent); Oracle's page "Managing User Credentials" (two secret keys a user).
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_oci as oci

from components.identity import IdentityComponent
from components.legacy_backup import LegacyBackup
from components.tenancy import TenancyFoundation
from infra.residency.aws_policy import bucket_arn, role_arn
from infra.residency.placement import SitePlan
from infra.residency.transfer import SCHEDULE, Agent, TransferPlan, TransferTask

_DAY = 86_400
_LATE_DAYS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupTransferArgs:
    """A site's plan, its transfer, and the site's own resources, which exist first."""

    foundation: TenancyFoundation
    site: SitePlan
    transfer: TransferPlan
    backup: LegacyBackup
    provider: aws.Provider


class BackupTransfer(IdentityComponent):
    """A site's reader in Oracle Cloud, and its tasks and alarms in AWS."""

    def __init__(self, name: str, args: BackupTransferArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("BackupTransfer", name, opts)
        self.foundation = args.foundation
        self._args = args
        self._region = args.site.site.region.value
        key = self._reader()
        for task in args.transfer.tasks:
            self._task(task, key)
        self._alarms()
        self.register_outputs({})

    def _reader(self) -> oci.identity.CustomerSecretKey:
        """The user, what it may read, and its keys; returns the one in use."""
        foundation, plan, site = self.foundation, self._args.transfer, self._args.site.site.name
        user = oci.identity.User(
            f"transfer-{site}",
            compartment_id=foundation.tenancy.id,
            name=plan.user,
            description=f"Reads what is backed up at {site}; no person, no password",
            opts=self._child(foundation.home),
        )
        group = self.group(plan.group, f"Reads what is backed up at {site}")
        member = oci.identity.UserGroupMembership(
            f"transfer-{site}", user_id=user.id, group_id=group.id, opts=self._child(foundation.home)
        )
        source = oci.identity.NetworkSource(
            plan.network.name,
            compartment_id=foundation.tenancy.id,
            name=plan.network.physical,
            description=f"The DataSync agents at {site}",
            public_source_lists=[str(cidr) for cidr in plan.network.cidrs],
            opts=self._child(foundation.home),
        )
        policy = self.policy(
            f"transfer-{site}",
            f"The transfer to {site} reads what it backs up, from its agents",
            plan.statements,
            groups={plan.group: group},
            beside=(source,),
        )
        current, _ = (
            oci.identity.CustomerSecretKey(
                key.name,
                user_id=user.id,
                display_name=key.display_name,
                opts=self._rotated(
                    foundation.home, depends_on=(member, policy), when_changed="displayName", secrets=("key",)
                ),
            )
            for key in plan.keys
        )
        return current

    def _task(self, task: TransferTask, key: oci.identity.CustomerSecretKey) -> None:
        args = self._args
        account, provider = args.site.site.account_id, args.provider
        writer = role_arn(account, args.site.role)
        source = aws.datasync.LocationObjectStorage(
            task.name,
            region=self._region,
            server_hostname=task.host,
            server_protocol="HTTPS",
            server_port=443,
            bucket_name=task.source,
            access_key=key.id,
            secret_key=key.key,
            agent_arns=[agent.arn for agent in args.transfer.agents],
            opts=self._child(provider),
        )
        target = aws.datasync.S3Location(
            task.name,
            region=self._region,
            s3_bucket_arn=bucket_arn(task.target),
            subdirectory=task.prefix,
            s3_storage_class="STANDARD",
            s3_config=aws.datasync.S3LocationS3ConfigArgs(bucket_access_role_arn=writer),
            opts=self._child(provider, depends_on=(args.backup,)),
        )
        aws.datasync.Task(
            task.name,
            region=self._region,
            name=task.name,
            task_mode="BASIC",
            source_location_arn=source.arn,
            destination_location_arn=target.arn,
            schedule=aws.datasync.TaskScheduleArgs(schedule_expression=SCHEDULE),
            options=aws.datasync.TaskOptionsArgs(
                verify_mode="ONLY_FILES_TRANSFERRED",
                transfer_mode="CHANGED",
                overwrite_mode="ALWAYS",
                preserve_deleted_files="PRESERVE",
                object_tags="NONE",
                uid="NONE",
                gid="NONE",
                posix_permissions="NONE",
                mtime="PRESERVE",
                atime="BEST_EFFORT",
                log_level="OFF",
            ),
            task_report_config=aws.datasync.TaskTaskReportConfigArgs(
                output_type="STANDARD",
                report_level="SUCCESSES_AND_ERRORS",
                s3_object_versioning="INCLUDE",
                s3_destination=aws.datasync.TaskTaskReportConfigS3DestinationArgs(
                    bucket_access_role_arn=writer,
                    s3_bucket_arn=bucket_arn(args.site.reports_bucket),
                    subdirectory=f"transfer/{task.name}",
                ),
            ),
            opts=self._child(provider, depends_on=(args.backup,)),
        )

    def _alarms(self) -> None:
        args, site = self._args, self._args.site.site.name
        topic = aws.sns.Topic(
            f"backup-{site}", region=self._region, name=args.transfer.topic, opts=self._child(args.provider)
        )
        for agent in args.transfer.agents:
            self._alarm(agent, topic)

    def _alarm(self, agent: Agent, topic: aws.sns.Topic) -> None:
        name = f"late-{self._args.site.site.name}-{agent.name}"
        aws.cloudwatch.MetricAlarm(
            name,
            region=self._region,
            name=f"{self._args.transfer.topic}-late-{agent.name}",
            alarm_description=f"Nothing was backed up through {agent.name} for {_LATE_DAYS} days",
            namespace="AWS/DataSync",
            metric_name="FilesTransferred",
            dimensions={"AgentId": agent.id},
            statistic="SampleCount",
            comparison_operator="LessThanThreshold",
            threshold=1,
            period=_DAY,
            evaluation_periods=_LATE_DAYS,
            treat_missing_data="breaching",
            alarm_actions=[topic.arn],
            opts=self._child(self._args.provider),
        )
