"""What policies of buckets deny whoever asks: the words that backups, restores and the archive of trails share."""

from infra.residency.aws_policy import (
    Action,
    Condition,
    ConditionKey,
    Effect,
    Everyone,
    Operator,
    Statement,
    bucket_arn,
)


def deny(sid: str, actions: tuple[Action, ...], resources: tuple[str, ...], *conditions: Condition) -> Statement:
    """A statement that denies everyone, where all conditions hold."""
    return Statement(
        sid=sid,
        effect=Effect.DENY,
        principal=Everyone.EVERYONE,
        actions=actions,
        resources=resources,
        conditions=conditions,
    )


def all_but(*roles: str) -> tuple[Condition, ...]:
    """What spares some roles (ARNs); nothing where there are none."""
    return (Condition(operator=Operator.ARN_NOT_EQUALS, key=ConditionKey.PRINCIPAL_ARN, values=roles),) if roles else ()


def plain_text(bucket: str) -> Statement:
    """Denies every request that is not over TLS."""
    arn = bucket_arn(bucket)
    insecure = Condition(operator=Operator.BOOL, key=ConditionKey.SECURE_TRANSPORT, values=("false",))
    return deny("DenyPlainText", (Action.ANY,), (arn, f"{arn}/*"), insecure)
