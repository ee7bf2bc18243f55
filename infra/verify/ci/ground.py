"""What a deployer's role may be let do, from the stack's own configuration: calls, about what, and saying what.

A closed world, written apart from what makes the policies: a call that is not here is one too many, so is one about
something that the configuration does not have in that account, and so is one that could leave out what it has to say.
Ends are told from the rest: what guards data goes in phase WIPE, and not before.

Sources: AWS's "Service Authorization Reference"; `docs/threat-model.md` has what a call would be good for.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from infra.residency.lifecycle import HolderPhase, Phase
from infra.residency.regions import LegacyRegion
from infra.verify.aws.access import declared as sites_of
from infra.verify.aws.grants import Site
from infra.verify.values import record

REGION, BOUNDARY, PASSED = "aws:requestedregion", "iam:permissionsboundary", "iam:passedtoservice"
TARGET, SERVICE, TAG = "events:targetarn", "iam:awsservicename", "aws:requesttag/phase"
SEVERAL, CONTROL = "kms:multiregion", "organizations:policytype"
"""What a call says of itself, as keys of conditions in lower case."""

_IAM_REPORTS_IN: Final = LegacyRegion.VIRGINIA
_DATASYNC: Final = "datasync.amazonaws.com"


class About(StrEnum):
    """What a call is about."""

    ALIAS = "alias"
    ALIAS_END = "end of an alias"
    ANYTHING = "anything in a region"
    BOUNDARY = "boundary"
    BUCKET = "bucket"
    BUCKET_END = "end of a bucket"
    CONTROL = "control policy"
    DEPLOYER = "deployer's own role"
    ISSUER = "issuer"
    KEY = "key that is being made"
    ALARM = "alarm"
    ROLE = "role of a site"
    RULE = "rule"
    RULE_END = "end of a rule"
    SECRET = "secret of a transfer"  # noqa: S105 - a word, not a secret
    SERVICE_ROLE = "role of a service"
    TOPIC = "topic"
    TOPIC_END = "end of a topic"
    TRAIL = "trail"
    TRAIL_END = "end of a trail"
    TRANSFER = "transfer"
    WORKER = "role of a transfer"


class Call(NamedTuple):
    """What one call may be about, and the keys that it has to carry."""

    about: frozenset[About]
    says: tuple[str, ...] = ()


def _calls(service: str, names: str, *about: About, says: tuple[str, ...] = ()) -> dict[str, Call]:
    return {f"{service}:{name}".lower(): Call(about=frozenset(about), says=says) for name in names.split()}


CALLS: Mapping[str, Call] = MappingProxyType(
    {
        **_calls(
            "s3",
            "CreateBucket GetAccelerateConfiguration GetBucketAcl GetBucketCORS GetBucketLogging GetBucketPolicy "
            "GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPublicAccessBlock GetBucketTagging "
            "GetBucketRequestPayment GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration ListBucket "
            "GetInventoryConfiguration GetLifecycleConfiguration GetReplicationConfiguration ListTagsForResource "
            "PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock "
            "PutBucketTagging PutBucketVersioning PutEncryptionConfiguration PutInventoryConfiguration "
            "PutLifecycleConfiguration TagResource UntagResource",
            About.BUCKET,
            says=(REGION,),
        ),
        **_calls("s3", "DeleteBucket DeleteBucketPolicy", About.BUCKET_END, says=(REGION,)),
        **_calls("kms", "TagResource", About.KEY, says=(TAG,)),
        **_calls("kms", "CreateKey", About.ANYTHING, says=(REGION, SEVERAL)),
        **_calls("kms", "ListAliases", About.ANYTHING, says=(REGION,)),
        **_calls("kms", "CreateAlias", About.ALIAS),
        **_calls("kms", "DeleteAlias", About.ALIAS_END),
        **_calls("iam", "GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies", About.DEPLOYER, About.ROLE),
        **_calls("iam", "GetOpenIDConnectProvider", About.ISSUER),
        **_calls("iam", "GetPolicy GetPolicyVersion", About.BOUNDARY),
        **_calls(
            "iam",
            "CreateRole DeleteRolePolicy PutRolePermissionsBoundary PutRolePolicy",
            About.ROLE,
            says=(BOUNDARY,),
        ),
        **_calls(
            "iam", "DeleteRole ListInstanceProfilesForRole UpdateAssumeRolePolicy UpdateRoleDescription", About.ROLE
        ),
        **_calls("iam", "PassRole", About.WORKER, says=(PASSED,)),
        **_calls("iam", "CreateServiceLinkedRole", About.SERVICE_ROLE, says=(SERVICE,)),
        **_calls("cloudtrail", "DescribeTrails", About.ANYTHING, says=(REGION,)),
        **_calls(
            "cloudtrail",
            "CreateTrail GetEventSelectors GetTrailStatus ListTags PutEventSelectors StartLogging UpdateTrail",
            About.TRAIL,
        ),
        **_calls("cloudtrail", "DeleteTrail", About.TRAIL_END),
        **_calls("sns", "GetSubscriptionAttributes Unsubscribe", About.ANYTHING, says=(REGION,)),
        **_calls("sns", "CreateTopic GetTopicAttributes ListTagsForResource SetTopicAttributes Subscribe", About.TOPIC),
        **_calls("sns", "DeleteTopic", About.TOPIC_END),
        **_calls("events", "DescribeRule ListTagsForResource ListTargetsByRule PutRule", About.RULE),
        **_calls("events", "PutTargets", About.RULE, says=(TARGET,)),
        **_calls("events", "DeleteRule RemoveTargets", About.RULE_END),
        **_calls("cloudwatch", "DescribeAlarms", About.ANYTHING, says=(REGION,)),
        **_calls("cloudwatch", "DeleteAlarms ListTagsForResource PutMetricAlarm", About.ALARM),
        **_calls("datasync", "CreateLocationObjectStorage CreateLocationS3", About.ANYTHING, says=(REGION,)),
        **_calls(
            "datasync",
            "CreateTask DeleteLocation DeleteTask DescribeLocationObjectStorage DescribeLocationS3 DescribeTask "
            "ListTagsForResource UpdateLocationObjectStorage UpdateLocationS3 UpdateTask",
            About.TRANSFER,
        ),
        **_calls("secretsmanager", "CreateSecret DeleteSecret PutSecretValue UpdateSecret", About.SECRET),
        **_calls("organizations", "CreatePolicy", About.ANYTHING, says=(REGION, CONTROL)),
        **_calls(
            "organizations",
            "AttachPolicy DescribePolicy ListTagsForResource ListTargetsForPolicy UpdatePolicy",
            About.CONTROL,
        ),
    }
)


class Ground:
    """What one deployer's role may touch; no other than itself, so that answers about it can be kept.

    Attributes:
        places: ARNs, some of which are patterns, by what a call is about.
        says: the values that a call may carry, by the key.
        sites: those of its account that are open; their roles it makes.
        boundary: ARN of what those roles may not go beyond.
    """

    def __init__(
        self,
        *,
        places: Mapping[About, frozenset[str]],
        says: Mapping[str, frozenset[str]],
        sites: tuple[Site, ...],
        boundary: str,
    ) -> None:
        self.places, self.says, self.sites, self.boundary = places, says, sites, boundary


def ground(deployment: Mapping[str, Any], account: str, role: str) -> Ground:
    """What a declared deployer's role may touch, from a deployment value that the planner has found right."""
    organization, asked = str(deployment["organization"]), record(deployment.get("ci"))
    here = tuple(site for site in sites_of(deployment) if site.account == account)
    boundary = f"arn:aws:iam::{account}:policy/{organization}-boundary"
    places = {about: set[str]() for about in About}
    regions = set[str]()
    deployer = {"account": account, "role": role}
    for about, arn in _everywhere(deployment, account, str(asked.get("issuer")), boundary):
        places[about].add(arn)
    for site in here:
        if site.deployer == role:
            regions.add(site.region.value)
            for about, arn in _of_site(organization, site):
                places[about].add(arn)
    for name, region, ends in _trails(deployment, here, **deployer):
        regions |= {region, _IAM_REPORTS_IN.value}
        for about, arn in _of_trail(organization, account, name, region, ends=ends):
            places[about].add(arn)
    if _is(record(record(deployment.get("audit")).get("archive")), **deployer):
        place = f"arn:aws:kms:{_IAM_REPORTS_IN}:{account}"
        bucket = f"{organization}-audit-{_IAM_REPORTS_IN.facts.key}-{account}"
        places[About.BUCKET].add(f"arn:aws:s3:::{bucket}")
        places[About.KEY].add(f"{place}:key/*")
        places[About.ALIAS].add(f"{place}:alias/{organization}-audit-archive")
    governs = record(deployment["legacy"].get("organization"))
    if _is(governs, **deployer):
        regions.add(_IAM_REPORTS_IN.value)
        place = f"arn:aws:organizations::{account}"
        accounts = {str(site["accountId"]) for site in deployment["legacy"]["sites"].values()}
        kinds = ("service_control_policy", "resource_control_policy")
        places[About.CONTROL] |= {f"{place}:policy/{governs['id']}/{kind}/*" for kind in kinds}
        places[About.CONTROL] |= {f"{place}:account/{governs['id']}/{it}" for it in accounts}
    return Ground(
        places={about: frozenset(arns) for about, arns in places.items()},
        says={
            REGION: frozenset(regions),
            BOUNDARY: frozenset({boundary}),
            PASSED: frozenset({_DATASYNC}),
            SERVICE: frozenset({_DATASYNC}),
            TARGET: frozenset(arn for arn in places[About.TOPIC] if f":{organization}-alarms-" in arn),
            TAG: frozenset(HolderPhase),
            SEVERAL: frozenset({"false"}),
            CONTROL: frozenset({"SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"}),
        },
        sites=here,
        boundary=boundary,
    )


def _is(asked: Mapping[str, Any], *, account: str, role: str) -> bool:
    return bool(asked) and (str(asked["accountId"]), str(asked["deployerRole"])) == (account, role)


def _everywhere(deployment: Mapping[str, Any], account: str, issuer: str, boundary: str) -> Iterator[tuple[About, str]]:
    """What every deployer of an account looks at: who deploys there."""
    legacy, archive = deployment["legacy"], record(record(deployment.get("audit")).get("archive"))
    for asked in (*legacy["sites"].values(), record(legacy.get("organization")), archive):
        if asked and str(asked["accountId"]) == account:
            yield About.DEPLOYER, f"arn:aws:iam::{account}:role/{asked['deployerRole']}"
    yield About.ISSUER, f"arn:aws:iam::{account}:oidc-provider/{issuer.removeprefix('https://')}"
    yield About.BOUNDARY, boundary
    yield About.ANYTHING, "*"


def _of_site(organization: str, site: Site) -> Iterator[tuple[About, str]]:
    place, ends = f"{site.region}:{site.account}", site.phase is Phase.WIPE
    for bucket in site.buckets:
        for about in (About.BUCKET, *([About.BUCKET_END] if ends else [])):
            yield about, f"arn:aws:s3:::{bucket}"
    yield About.KEY, f"arn:aws:kms:{place}:key/*"
    for about in (About.ALIAS, *([About.ALIAS_END] if ends else [])):
        yield about, f"arn:aws:kms:{place}:{site.alias}"
    for work in ("transfer", "retire", "restore"):
        yield About.ROLE, site.role(f"{organization}-{work}-{site.name}")
    yield About.WORKER, site.role(f"{organization}-transfer-{site.name}")
    yield About.SERVICE_ROLE, site.role(f"aws-service-role/{_DATASYNC}/AWSServiceRoleForDataSync")
    for kind in ("location", "task"):
        yield About.TRANSFER, f"arn:aws:datasync:{place}:{kind}/*"
    yield About.SECRET, f"arn:aws:secretsmanager:{place}:secret:aws-datasync!*"
    yield About.ALARM, f"arn:aws:cloudwatch:{place}:alarm:{organization}-backup-{site.name}-late-*"
    for about in (About.TOPIC, About.TOPIC_END):
        yield about, f"arn:aws:sns:{place}:{organization}-backup-{site.name}"


def _trails(
    deployment: Mapping[str, Any], sites: tuple[Site, ...], *, account: str, role: str
) -> Iterator[tuple[str, str, bool]]:
    """The trails that a role deploys: name, region, and whether their end is due."""
    archive = record(record(deployment.get("audit")).get("archive"))
    if not archive:
        return
    yield from ((it.name, it.region.value, it.phase is Phase.WIPE) for it in sites if it.deployer == role)
    if _is(archive, account=account, role=role):
        yield "archive", _IAM_REPORTS_IN.value, False


def _of_trail(organization: str, account: str, name: str, region: str, *, ends: bool) -> Iterator[tuple[About, str]]:
    """A trail, and where its calls and those of IAM are told."""

    def told(about: About, end: About, arn: str) -> Iterator[tuple[About, str]]:
        yield about, arn
        if ends:
            yield end, arn

    yield from told(
        About.TRAIL, About.TRAIL_END, f"arn:aws:cloudtrail:{region}:{account}:trail/{organization}-trail-{name}"
    )
    for place in {region, _IAM_REPORTS_IN.value}:
        yield from told(About.TOPIC, About.TOPIC_END, f"arn:aws:sns:{place}:{account}:{organization}-alarms-{name}")
        for rule in ("changes", "reads"):
            yield from told(
                About.RULE, About.RULE_END, f"arn:aws:events:{place}:{account}:rule/{organization}-{rule}-{name}"
            )
