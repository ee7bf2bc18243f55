"""Restore: a role at a legacy site that reads the backup of one dataset back, from one network, until a date.

It exists while the stack file asks for it, in phase BACKUP only; once a site is drained its one role reads everything.
Whatever it is allowed ends three times over: in its trust, in its own policy, and by denies in the bucket's policy that
hold for it from that day on and from anywhere else.
"""

from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Network

from infra.residency.aws_policy import (
    Action,
    AnyoneOf,
    Condition,
    ConditionKey,
    Kind,
    Operator,
    Policy,
    Role,
    Statement,
    bucket_arn,
    role_arn,
)
from infra.residency.bucket_denials import deny
from infra.residency.regions import LegacyRegion

_READS = (Action.GET_OBJECT, Action.GET_OBJECT_VERSION, Action.GET_OBJECT_TAGGING)
_LISTS = (Action.GET_LOCATION, Action.LIST_BUCKET, Action.LIST_VERSIONS)
_ALL_READS = (Action.READ_OBJECTS, Action.LIST_PARTS)
_ALL_LISTS = (Action.LIST_BUCKET, Action.LIST_VERSIONS, Action.LIST_UPLOADS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePlan:
    """Who reads what back, from where, until when.

    Attributes:
        role: name of the role that this stack makes (`usds-restore-virginia`).
        operator_role: name of the role of the people who may act as it.
        bucket: the one that holds the dataset's backup.
        network: logical name of the network; its addresses are `cidrs`.
        until: first day (UTC) on which it may no longer read.
    """

    role: str
    operator_role: str
    dataset: str
    bucket: str
    region: LegacyRegion
    account_id: str
    key_alias: str
    network: str
    cidrs: tuple[IPv4Network, ...]
    until: date

    @property
    def arn(self) -> str:
        """The role's ARN."""
        return role_arn(self.account_id, self.role)

    def trust(self) -> Policy:
        """Who may act as the role: those people, from that network, until that day."""
        people = Condition(
            operator=Operator.ARN_EQUALS,
            key=ConditionKey.PRINCIPAL_ARN,
            values=(role_arn(self.account_id, self.operator_role),),
        )
        statement = Statement(
            sid="AssumeByOperators",
            principal=AnyoneOf(account_id=self.account_id),
            actions=(Action.ASSUME_ROLE,),
            conditions=(people, self._here(), self._before()),
        )
        return self._policy(Kind.TRUST, statement)

    def policy(self) -> Policy:
        """What the role may do: list and read one bucket, and decrypt what is in it through S3."""
        bucket = bucket_arn(self.bucket)
        region = Condition(
            operator=Operator.STRING_EQUALS, key=ConditionKey.REQUESTED_REGION, values=(self.region.value,)
        )
        alias = Condition(operator=Operator.ANY_STRING_EQUALS, key=ConditionKey.KEY_ALIASES, values=(self.key_alias,))
        return self._policy(
            Kind.ROLE,
            Statement(
                sid="Bucket",
                actions=_LISTS,
                resources=(bucket,),
                conditions=(region, self._here(), self._before()),
            ),
            Statement(
                sid="Objects",
                actions=_READS,
                resources=(f"{bucket}/*",),
                conditions=(region, self._here(), self._before()),
            ),
            Statement(
                sid="Key",
                actions=(Action.DECRYPT, Action.DESCRIBE_KEY),
                resources=(f"arn:aws:kms:{self.region}:{self.account_id}:key/*",),
                conditions=(alias, self._through_s3(), self._before()),
            ),
        )

    def use_of_the_key(self) -> Statement:
        """What the key's policy lets the role do. S3 asks for it, so no address of the caller's is known there."""
        return Statement(
            sid="RestoreThroughS3",
            principal=Role(account_id=self.account_id, name=self.role),
            actions=(Action.DECRYPT, Action.DESCRIBE_KEY),
            resources=("*",),
            conditions=(self._through_s3(), self._before()),
        )

    def denials(self) -> tuple[Statement, ...]:
        """What the bucket's policy denies the role: everything that reads, from that day on, and from anywhere else."""
        ended = Condition(operator=Operator.FROM, key=ConditionKey.CURRENT_TIME, values=(self._moment(),))
        elsewhere = Condition(
            operator=Operator.NOT_IP_ADDRESS, key=ConditionKey.SOURCE_IP, values=tuple(map(str, self.cidrs))
        )
        return (self._deny("DenyRestoringLater", ended), self._deny("DenyRestoringElsewhere", elsewhere))

    def _deny(self, sid: str, condition: Condition) -> Statement:
        bucket = bucket_arn(self.bucket)
        itself = Condition(operator=Operator.ARN_EQUALS, key=ConditionKey.PRINCIPAL_ARN, values=(self.arn,))
        return deny(sid, (*_ALL_READS, *_ALL_LISTS), (bucket, f"{bucket}/*"), itself, condition)

    def _policy(self, kind: Kind, *statements: Statement) -> Policy:
        return Policy(kind=kind, name=self.role, account_id=self.account_id, statements=statements)

    def _here(self) -> Condition:
        return Condition(operator=Operator.IP_ADDRESS, key=ConditionKey.SOURCE_IP, values=tuple(map(str, self.cidrs)))

    def _before(self) -> Condition:
        return Condition(operator=Operator.BEFORE, key=ConditionKey.CURRENT_TIME, values=(self._moment(),))

    def _through_s3(self) -> Condition:
        service = f"s3.{self.region}.amazonaws.com"
        return Condition(operator=Operator.STRING_EQUALS, key=ConditionKey.VIA_SERVICE, values=(service,))

    def _moment(self) -> str:
        return f"{self.until.isoformat()}T00:00:00Z"
