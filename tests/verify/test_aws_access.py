"""The check of access at the legacy sites over the resource graph: a grant too many is found, a harmless rewrite is not.

Each case starts from what the program registers for the sandbox stack and edits documents or resources as no stack file
could. What the planner itself refuses is tested with the kernel (tests/residency/test_aws_policy.py).
"""

# ruff: noqa: E501 - a case is a line
import json
from copy import deepcopy

import pytest

from infra.residency.lifecycle import Phase
from infra.residency.site_policies import role_policy, role_trust
from infra.verify.aws import cover
from infra.verify.aws.access import (
    BUCKET,
    BUCKET_POLICY,
    KEY,
    ROLE,
    ROLE_POLICY,
    Rule,
    declared,
    leaks,
)
from infra.verify.aws.document import UnmodelledError
from infra.verify.aws.document import parse as read
from infra.verify.aws.legacy import BLOCK, Asked, asked
from infra.verify.aws.plain import UnreadableError, parse
from infra.verify.ci.trust import declared as declared_jobs
from infra.verify.graph import UNKNOWN
from infra.verify.sources.state import graph_of
from tests.residency.test_aws_policy import site_in
from tests.support.graphs import declarations
from tests.support.programs import configuration, shipped

DATA, SITE, ROLES = "profiles-virginia", "virginia", "transfer-virginia"
ROOT = "arn:aws:iam::111111111111:root"
WORKER = "arn:aws:iam::111111111111:role/usds-transfer-virginia"
DEPLOYER = "arn:aws:iam::111111111111:role/usdata-deployer"
THERE = "arn:aws:s3:::usds-profiles-use1-111111111111"
OTHER, STRANGERS = "999999999999", "333333333333"


class Stack:
    """A shipped stack's resources and declarations, to be edited."""

    def __init__(self, name="sandbox") -> None:
        value = configuration(name)["usdata:deployment"]
        self.sites, self.declared = declared(value), declarations(name)
        self.deployers = frozenset(role for _, role in declared_jobs(value).roles)
        resources = shipped(name, preview=False).resources.values()
        providers = {r.name: f"{r.urn}::id" for r in resources if r.is_provider}
        self.all = {
            r.urn: {
                "urn": r.urn, "type": r.type, "provider": providers.get(r.provider, ""), "inputs": deepcopy(dict(r.inputs))
            }
            for r in resources
        }  # fmt: skip

    def inputs(self, type_, name):
        """The inputs of a resource."""
        (found,) = (r for r in self.all.values() if r["type"] == type_ and r["urn"].endswith(f"::{name}"))
        return found["inputs"]

    def drop(self, type_, name):
        """One resource less."""
        (urn,) = (r["urn"] for r in self.all.values() if r["type"] == type_ and r["urn"].endswith(f"::{name}"))
        del self.all[urn]

    def add(self, type_, **inputs: object):
        """One more resource."""
        urn = f"urn:pulumi:test::usdata::{type_}::more"
        self.all[urn] = {"urn": urn, "type": type_, "inputs": inputs}

    def document(self, type_, name, edit):
        """Edit the statements of a document; the edit has to change something."""
        inputs = self.inputs(type_, name)
        field = "assumeRolePolicy" if type_ == ROLE else "policy"
        document = json.loads(inputs[field])
        statements = {statement["Sid"]: statement for statement in document["Statement"]}
        before = deepcopy(statements)
        edit(statements)
        assert statements != before
        inputs[field] = json.dumps({**document, "Statement": list(statements.values())})

    def found(self):
        """The rules of what the check finds, and of whom a bucket's policy does not keep away."""
        graph = graph_of(self.all.values())
        buckets = [it for it in asked(graph, self.declared) if it.node.type in {BUCKET_POLICY, BUCKET, BLOCK}]
        kept = {let_in(it.document, it.question) if isinstance(it, Asked) else Rule.READER for it in buckets}
        return kept - {None} | {leak.rule for leak in leaks(graph, self.sites, self.deployers)}


def let_in(document, question):
    """The rule that a policy breaks which lets somebody in, or cannot be read."""
    try:
        return Rule.READER if cover.admitted(read(document), question) else None
    except UnmodelledError:
        return Rule.DOCUMENT


@pytest.fixture
def stack():
    """The sandbox stack."""
    return Stack()


@pytest.mark.parametrize("name", ["sandbox", "us-prod"])
def test_what_the_program_registers_grants_nothing_too_much(name):
    """Both shipped stacks; counted, so that this is not about no document at all."""
    found = Stack(name)
    kinds = [r["type"] for r in found.all.values()]
    assert leaks(graph_of(found.all.values()), found.sites, found.deployers) == ()
    assert {kind: kinds.count(kind) > 1 for kind in (BUCKET_POLICY, BLOCK, KEY, ROLE, ROLE_POLICY)} == dict.fromkeys(
        (BUCKET_POLICY, BLOCK, KEY, ROLE, ROLE_POLICY), True
    )


def bucket(edit, name=DATA):
    """A leak in a bucket's policy."""
    return lambda stack: stack.document(BUCKET_POLICY, name, edit)


def key(edit):
    """A leak in the key's policy."""
    return lambda stack: stack.document(KEY, SITE, edit)


def trust(edit):
    """A leak in who may act as the role."""
    return lambda stack: stack.document(ROLE, ROLES, edit)


def work(edit):
    """A leak in what the role may do."""
    return lambda stack: stack.document(ROLE_POLICY, ROLES, edit)


def without(sid):
    """A statement less."""
    return lambda statements: statements.pop(sid)


def put(sid, **changes: object):
    """Other elements of a statement."""
    return lambda statements: statements[sid].update(changes)


def bare(sid):
    """A statement without its conditions."""
    return lambda statements: statements[sid].pop("Condition")


def when(sid, operator, key, *values: str):
    """A statement with one condition, and no other."""
    return put(sid, Condition={operator: {key: list(values)}})


def more(**statement: object):
    """One more statement that allows."""
    return lambda statements: statements.update({"More": {"Sid": "More", "Effect": "Allow", **statement}})


def replaced(sid, key, values):
    """A statement in which one condition key has other values."""

    def edit(statements):
        for compared in statements[sid]["Condition"].values():
            if key in compared:
                compared[key] = values

    return edit


def set_(type_, name, **inputs: object):
    """A leak by other inputs."""
    return lambda stack: stack.inputs(type_, name).update(inputs)


READ = {"Action": ["s3:GetObject"], "Resource": [f"{THERE}/*"]}
USE = {"Action": ["kms:Decrypt"], "Resource": ["*"]}
LEAKS = [
    ("nothing keeps anybody from reading", bucket(without("DenyReading")), {Rule.READER}),
    ("nothing keeps anybody from listing", bucket(without("DenyListing")), {Rule.READER}),
    ("nothing keeps anybody from older names", bucket(without("DenyListingHistory")), {Rule.READER}),
    ("anything encrypts what is put", bucket(without("DenyOtherEncryption")), {Rule.READER}),
    ("whoever puts it keeps the key", bucket(without("DenyCustomerKeys")), {Rule.READER}),
    ("plain text is let in", bucket(without("DenyPlainText")), {Rule.READER}),
    ("a stranger is spared", bucket(replaced("DenyReading", "aws:PrincipalArn", values=[WORKER, "arn:aws:iam::111111111111:role/*"])), {Rule.READER}),
    ("the deployer reads", bucket(replaced("DenyReading", "aws:PrincipalArn", values=[WORKER, DEPLOYER])), {Rule.READER}),
    ("the root is spared", bucket(replaced("DenyReading", "aws:PrincipalArn", values=[WORKER, ROOT])), {Rule.READER}),
    ("denied to the worker instead of the others", bucket(when("DenyReading", "ArnEquals", "aws:PrincipalArn", WORKER)), {Rule.READER}),
    ("denied in one network only", bucket(lambda s: s["DenyReading"]["Condition"].update({"IpAddress": {"aws:SourceIp": ["198.51.100.0/24"]}})), {Rule.READER}),
    ("denied until a day", bucket(lambda s: s["DenyReading"]["Condition"].update({"DateLessThan": {"aws:CurrentTime": ["2027-01-01T00:00:00Z"]}})), {Rule.READER}),
    ("denied to one principal", bucket(put("DenyReading", Principal={"AWS": ROOT})), {Rule.READER}),
    ("denied for another bucket", bucket(put("DenyReading", Resource=["arn:aws:s3:::other/*"])), {Rule.READER}),
    ("denied for a folder", bucket(put("DenyReading", Resource=[f"{THERE}/private/*"])), {Rule.READER}),
    ("only objects, not their versions", bucket(put("DenyReading", Action=["s3:GetObject"])), {Rule.READER}),
    ("an allow instead of a deny", bucket(put("DenyReading", Effect="Allow")), {Rule.READER, Rule.STRANGER, Rule.ACTION}),
    ("everybody but some", bucket(lambda s: s["DenyReading"].update(NotPrincipal=s["DenyReading"].pop("Principal"))), {Rule.DOCUMENT, Rule.READER}),
    ("everything but some calls", bucket(lambda s: s["DenyReading"].update(NotAction=s["DenyReading"].pop("Action"))), {Rule.DOCUMENT, Rule.READER}),
    ("everything but some resources", bucket(lambda s: s["DenyReading"].update(NotResource=s["DenyReading"].pop("Resource"))), {Rule.DOCUMENT, Rule.READER}),
    ("everyone may read", bucket(more(Principal="*", **READ)), {Rule.STRANGER, Rule.ACTION}),
    ("another account may read", bucket(more(Principal={"AWS": f"arn:aws:iam::{OTHER}:root"}, **READ)), {Rule.STRANGER, Rule.ACTION}),
    ("a service may read", bucket(more(Principal={"Service": "cloudfront.amazonaws.com"}, **READ)), {Rule.STRANGER, Rule.ACTION}),
    ("inventories of anybody", bucket(bare("AllowInventoryDelivery"), "reports-virginia"), {Rule.SERVICE}),
    ("inventories of any account", bucket(when("AllowInventoryDelivery", "ArnLike", "aws:SourceArn", THERE), "reports-virginia"), {Rule.SERVICE}),
    ("inventories of any bucket", bucket(when("AllowInventoryDelivery", "StringEquals", "aws:SourceAccount", "111111111111"), "reports-virginia"), {Rule.SERVICE}),
    ("inventories of every bucket by a pattern", bucket(replaced("AllowInventoryDelivery", "aws:SourceArn", values=["arn:aws:s3:::*"]), "reports-virginia"), {Rule.SERVICE}),
    ("the service reads, too", bucket(put("AllowInventoryDelivery", Action=["s3:PutObject", "s3:GetObject"]), "reports-virginia"), {Rule.ACTION}),
    ("a bucket without a policy", lambda stack: stack.drop(BUCKET_POLICY, DATA), {Rule.READER}),
    ("a bucket without a block", lambda stack: stack.drop(BLOCK, DATA), {Rule.READER}),
    ("a block with a hole", set_(BLOCK, DATA, blockPublicPolicy=False), {Rule.READER}),
    ("a block with a flag left out", lambda stack: stack.inputs(BLOCK, DATA).pop("restrictPublicBuckets"), {Rule.READER}),
    ("a bucket policy that is not known", set_(BUCKET_POLICY, DATA, policy=UNKNOWN), {Rule.DOCUMENT}),
    ("a bucket policy with a hole", set_(BUCKET_POLICY, DATA, policy='{"Version": "2012-10-17", "Statement": "' + UNKNOWN + '"}'), {Rule.DOCUMENT}),
    ("a bucket policy that is no JSON", set_(BUCKET_POLICY, DATA, policy="{"), {Rule.DOCUMENT}),
    ("an older language", set_(BUCKET_POLICY, DATA, policy='{"Version": "2008-10-17", "Statement": []}'), {Rule.DOCUMENT}),
    ("the root in the key's policy", key(more(Principal={"AWS": ROOT}, Action=["kms:*"], Resource=["*"])), {Rule.STRANGER, Rule.ACTION, Rule.KEY}),
    ("everyone uses the key", key(more(Principal="*", **USE)), {Rule.STRANGER, Rule.KEY}),
    ("another account uses the key", key(more(Principal={"AWS": f"arn:aws:iam::{OTHER}:role/r"}, **USE)), {Rule.STRANGER, Rule.KEY}),
    ("the deployer decrypts", key(lambda s: s["Administer"]["Action"].append("kms:Decrypt")), {Rule.KEY}),
    ("the worker administers", key(lambda s: s["UseThroughS3"]["Action"].append("kms:PutKeyPolicy")), {Rule.KEY}),
    ("the key may be given up", key(lambda s: s["Administer"]["Action"].append("kms:ScheduleKeyDeletion")), {Rule.KEY}),
    ("the key may be lent out", key(lambda s: s["Administer"]["Action"].append("kms:CreateGrant")), {Rule.ACTION}),
    ("the key may be carried away", key(lambda s: s["Administer"]["Action"].append("kms:ReplicateKey")), {Rule.ACTION}),
    ("every call on the key", key(put("Administer", Action=["kms:*"])), {Rule.ACTION, Rule.KEY}),
    ("the key without S3", key(bare("UseThroughS3")), {Rule.KEY}),
    ("the key through S3 elsewhere", key(replaced("UseThroughS3", "kms:ViaService", values=["s3.us-east-1.amazonaws.com", "s3.eu-west-1.amazonaws.com"])), {Rule.KEY}),
    ("the key but through one service", key(lambda s: s["UseThroughS3"].update(Condition={"StringNotEquals": {"kms:ViaService": ["s3.us-east-1.amazonaws.com"]}})), {Rule.KEY}),
    ("S3 encrypts for anybody", key(bare("EncryptInventories")), {Rule.SERVICE}),
    ("S3 decrypts", key(put("EncryptInventories", Action=["kms:Decrypt"])), {Rule.ACTION}),
    ("another service encrypts", key(put("EncryptInventories", Principal={"Service": "lambda.amazonaws.com"})), {Rule.STRANGER}),
    ("a stranger administers", key(put("Administer", Principal={"AWS": "arn:aws:iam::111111111111:role/interns"})), {Rule.STRANGER}),
    ("a condition that is left open", key(lambda s: s["UseThroughS3"].update(Condition={"StringEqualsIfExists": {"kms:ViaService": ["s3.us-east-1.amazonaws.com"]}})), {Rule.KEY}),
    ("a key of several regions", set_(KEY, SITE, multiRegion=True), {Rule.KEY}),
    ("a key that is elsewhere", set_(KEY, SITE, region="eu-west-1"), {Rule.KEY}),
    ("a key that goes in a week", set_(KEY, SITE, deletionWindowInDays=7), {Rule.KEY}),
    ("a key that never rotates", set_(KEY, SITE, enableKeyRotation=False), {Rule.KEY}),
    ("the account acts as the role", trust(put("AssumeByDataSync", Principal={"AWS": ROOT})), {Rule.STRANGER}),
    ("a stranger acts as the role", trust(more(Principal={"AWS": "arn:aws:iam::111111111111:role/interns"}, Action=["sts:AssumeRole"])), {Rule.STRANGER}),
    ("inventories of a stranger's account", bucket(replaced("AllowInventoryDelivery", "aws:SourceAccount", values=[STRANGERS]), "reports-virginia"), {Rule.SERVICE}),
    ("inventories of a stranger's bucket", bucket(replaced("AllowInventoryDelivery", "aws:SourceArn", values=["arn:aws:s3:::somebodys"]), "reports-virginia"), {Rule.SERVICE}),
    ("DataSync of a stranger's account", trust(replaced("AssumeByDataSync", "aws:SourceAccount", values=[STRANGERS])), {Rule.SERVICE}),
    ("DataSync of accounts that begin alike", trust(lambda s: s["AssumeByDataSync"]["Condition"].update(StringLike={"aws:SourceAccount": "1111*"}, StringEquals={"aws:x": "y"})), {Rule.SERVICE}),
    ("DataSync of an account that is a pattern", trust(replaced("AssumeByDataSync", "aws:SourceAccount", values=["*"])), {Rule.SERVICE}),
    ("DataSync for a stranger's task", trust(replaced("AssumeByDataSync", "aws:SourceArn", values=[f"arn:aws:datasync:us-east-1:{STRANGERS}:*"])), {Rule.SERVICE}),
    ("DataSync for a task in another region", trust(replaced("AssumeByDataSync", "aws:SourceArn", values=["arn:aws:datasync:eu-west-1:111111111111:*"])), {Rule.SERVICE}),
    ("somebody of the account administers the key", key(lambda s: s["Administer"].update(Principal={"AWS": ROOT}, Condition={"ArnEquals": {"aws:PrincipalArn": ["arn:aws:iam::111111111111:role/interns"]}})), {Rule.STRANGER}),
    ("the key through another service", key(replaced("UseThroughS3", "kms:ViaService", values=["lambda.us-east-1.amazonaws.com"])), {Rule.KEY}),
    ("another key of the account", work(replaced("Key", "kms:ResourceAliases", values=["alias/usds-backup-virginia", "alias/payroll"])), {Rule.RESOURCE}),
    ("DataSync of anybody", trust(bare("AssumeByDataSync")), {Rule.SERVICE}),
    ("DataSync of any account", trust(when("AssumeByDataSync", "ArnLike", "aws:SourceArn", "arn:aws:datasync:us-east-1:111111111111:*")), {Rule.SERVICE}),
    ("another service acts as the role", trust(put("AssumeByDataSync", Principal={"Service": "ec2.amazonaws.com"})), {Rule.STRANGER}),
    ("a token acts as the role", trust(put("AssumeByDataSync", Principal={"Federated": "arn:aws:iam::111111111111:oidc-provider/t"}, Action=["sts:AssumeRoleWithWebIdentity"])), {Rule.STRANGER, Rule.ACTION}),
    ("the role does everything", work(put("Objects", Action=["s3:*"])), {Rule.ACTION}),
    ("the role changes policies", work(put("Objects", Action=["s3:PutBucketPolicy"])), {Rule.ACTION}),
    ("the role makes roles", work(put("Objects", Action=["iam:CreateRole"])), {Rule.ACTION}),
    ("every bucket", work(put("Objects", Resource=["arn:aws:s3:::*"])), {Rule.RESOURCE}),
    ("another bucket", work(put("Objects", Resource=["arn:aws:s3:::other/*"])), {Rule.RESOURCE}),
    ("everything there is", work(put("Objects", Resource=["*"])), {Rule.RESOURCE}),
    ("any key", work(lambda s: s["Key"]["Condition"].pop("ForAnyValue:StringEquals")), {Rule.RESOURCE}),
    ("keys of another region", work(put("Key", Resource=["arn:aws:kms:eu-west-1:111111111111:key/*"])), {Rule.RESOURCE}),
    ("the role administers keys", work(put("Key", Action=["kms:PutKeyPolicy"])), {Rule.ACTION}),
    ("the role ends what guards it", work(put("Objects", Action=["s3:Delete*"])), {Rule.ACTION}),
    ("the role carries backups away", work(put("Buckets", Action=["s3:PutReplicationConfiguration"])), {Rule.ACTION}),
    ("a trust of nobody in particular", trust(lambda s: s["AssumeByDataSync"].pop("Principal")), {Rule.DOCUMENT}),
    ("a role's own policy for somebody", work(put("Objects", Principal="*")), {Rule.DOCUMENT}),
    ("a policy of AWS's own", set_(ROLE, ROLES, managedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]), {Rule.ACTION}),
    ("a policy inside the role", set_(ROLE, ROLES, inlinePolicies=[{"name": "x", "policy": "{}"}]), {Rule.ACTION}),
    ("a policy attached", lambda stack: stack.add("aws:iam/rolePolicyAttachment:RolePolicyAttachment", role="usds-transfer-virginia"), {Rule.TYPE}),
    ("a role that is declared nowhere", lambda stack: stack.add(ROLE, name="interns", assumeRolePolicy="{}"), {Rule.STRANGER}),
    ("a role that is not known", lambda stack: stack.inputs(ROLE, ROLES).update(name=UNKNOWN), {Rule.STRANGER}),
    ("a user", lambda stack: stack.add("aws:iam/user:User", name="joe"), {Rule.TYPE}),
    ("a long-lived key", lambda stack: stack.add("aws:iam/accessKey:AccessKey", user="joe"), {Rule.TYPE}),
    ("a grant", lambda stack: stack.add("aws:kms/grant:Grant", keyId="virginia"), {Rule.TYPE}),
    ("an access point", lambda stack: stack.add("aws:s3/accessPoint:AccessPoint", bucket=THERE), {Rule.TYPE}),
    ("an access list", lambda stack: stack.add("aws:s3/bucketAcl:BucketAcl", acl="public-read"), {Rule.TYPE}),
    ("a share", lambda stack: stack.add("aws:ram/resourceShare:ResourceShare", name="share"), {Rule.TYPE}),
]  # fmt: skip


def test_enough_leaks():
    """At least sixty here alone, each with a name of its own."""
    assert len({name for name, _, _ in LEAKS}) == len(LEAKS) >= 60


@pytest.mark.parametrize(("leak", "expected"), [row[1:] for row in LEAKS], ids=[row[0] for row in LEAKS])
def test_a_grant_too_many_is_found(stack, leak, expected):
    """By exactly the rules that it breaks."""
    leak(stack)
    assert stack.found() == expected


HARMLESS = [
    ("statements in another order", bucket(lambda s: s.update({"DenyPlainText": s.pop("DenyPlainText")} | {"X": {"Sid": "X", "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}}))),
    ("a single value not in a list", key(lambda s: s["UseThroughS3"].update(Condition={"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}))),
    ("other names of statements", bucket(lambda s: s["DenyReading"].update(Sid="NoReading"))),
    ("a wider deny", bucket(put("DenyReading", Action=["s3:Get*", "s3:List*"]))),
    ("a deny for everybody", bucket(lambda s: s["DenyReading"].pop("Condition"))),
    ("one more deny", bucket(lambda s: s.update({"More": {"Sid": "More", "Effect": "Deny", "Principal": "*", "Action": ["s3:PutObjectAcl"], "Resource": ["*"]}}))),
    ("the same deny twice", bucket(lambda s: s.update({"Again": {**s["DenyReading"], "Sid": "Again"}}))),
    ("ArnNotLike instead of ArnNotEquals", bucket(when("DenyReading", "ArnNotLike", "aws:PrincipalArn", WORKER))),
    ("StringNotEquals instead of ArnNotEquals", bucket(when("DenyReading", "StringNotEquals", "aws:PrincipalArn", WORKER))),
    ("a key in other letters", bucket(when("DenyReading", "ArnNotEquals", "AWS:principalARN", WORKER))),
    ("calls in small letters", bucket(put("DenyReading", Action=["s3:getobject*", "s3:ListMultipartUploadParts"]))),
    ("inventories in one more condition", bucket(lambda s: s["AllowInventoryDelivery"]["Condition"]["StringEquals"].update({"s3:x-amz-acl": ["bucket-owner-full-control"]}), "reports-virginia")),
    ("inventories of one bucket", bucket(replaced("AllowInventoryDelivery", "aws:SourceArn", values=[THERE]), "reports-virginia")),
    ("ArnEquals instead of ArnLike", bucket(lambda s: s["AllowInventoryDelivery"]["Condition"].update(ArnEquals=s["AllowInventoryDelivery"]["Condition"].pop("ArnLike")), "reports-virginia")),
    ("fewer calls to administer", key(put("Administer", Action=["kms:PutKeyPolicy", "kms:DescribeKey"]))),
    ("fewer calls to use", key(put("UseThroughS3", Action=["kms:Decrypt"]))),
    ("one more deny on the key", key(lambda s: s.update({"More": {"Sid": "More", "Effect": "Deny", "Principal": "*", "Action": ["kms:CreateGrant"], "Resource": ["*"]}}))),
    ("the key in one more region condition", key(lambda s: s["UseThroughS3"]["Condition"]["StringEquals"].update({"aws:RequestedRegion": ["us-east-1"]}))),
    ("nobody uses the key", key(without("UseThroughS3"))),
    ("no inventories are encrypted", key(without("EncryptInventories"))),
    ("fewer buckets", work(put("Objects", Resource=[f"{THERE}/*"]))),
    ("fewer calls", work(put("Objects", Action=["s3:PutObject"]))),
    ("no key", work(without("Key"))),
    ("one task only", trust(replaced("AssumeByDataSync", "aws:SourceArn", values=["arn:aws:datasync:us-east-1:111111111111:task/task-1"]))),
    ("a tag on a bucket", set_(BUCKET, DATA, tags={"team": "storage"})),
    ("another description", set_(ROLE, ROLES, description="people")),
    ("another description of the key", set_(KEY, SITE, description="key")),
    ("a slower rotation", set_(KEY, SITE, rotationPeriodInDays=400)),
    ("a shorter session", set_(ROLE, ROLES, maxSessionDuration=3600)),
    ("both hands by a condition on who it is", key(lambda s: [s[sid].update(Principal={"AWS": ROOT}, Condition={**s[sid].get("Condition", {}), "ArnEquals": {"aws:PrincipalArn": [who]}}) for sid, who in (("Administer", DEPLOYER), ("UseThroughS3", WORKER))])),
    ("blanks in a document", lambda stack: stack.inputs(KEY, SITE).update(policy=json.dumps(json.loads(stack.inputs(KEY, SITE)["policy"]), indent=2))),
]  # fmt: skip


def test_enough_harmless_rewrites():
    """At least thirty, each with a name of its own."""
    assert len({name for name, _ in HARMLESS}) == len(HARMLESS) >= 30


@pytest.mark.parametrize("edit", [row[1] for row in HARMLESS], ids=[row[0] for row in HARMLESS])
def test_a_harmless_rewrite_is_none(stack, edit):
    """What means the same, or less, is not refused."""
    edit(stack)
    assert stack.found() == set()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[]", "no document"),
        ('{"Version": "2012-10-17", "Statement": [1]}', "no object"),
        ('{"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps"}]}', "neither Allow nor Deny"),
        ('{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": [1]}]}', "where a text belongs"),
        (
            '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "a", "Principal": {"X": "y"}}]}',
            "kind X",
        ),
        ('{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "a", "Principal": 1}]}', "that is none"),
        (
            '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "a", "Principal": {}}]}',
            "that is none",
        ),
        (
            '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "a", "Principal": {"AWS": "me"}}]}',
            "me where an account",
        ),
        (
            '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "a", "Principal": {"AWS": []}}]}',
            "that is nobody",
        ),
        ('{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "a", "Condition": 1}]}', "no object"),
        (
            '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "a", "Condition": {"X": {}}}]}',
            "operator X",
        ),
        (
            (
                '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "a",'
                ' "Condition": {"ArnLike": {"aws:PrincipalArn": "*"}}}]}'
            ),
            "ArnLike with something that is no ARN",
        ),
    ],
)
def test_what_cannot_be_read_says_why(text, why):
    """A document is read whole or not at all."""
    with pytest.raises(UnreadableError, match=why):
        parse(text)


@pytest.mark.parametrize("phase", ["drain", "wipe"])
def test_after_backup_those_who_retire_the_site_act_as_its_role(phase):
    """What is planned grants nothing too much; a role of the account that anybody may assume is found."""
    site = site_in(Phase(phase))
    documents = [
        (ROLE, "assumeRolePolicy", {"name": site.role}, role_trust(site)),
        (ROLE_POLICY, "policy", {"role": site.role}, role_policy(site, "usds")),
    ]
    resources = [
        {"urn": f"urn:pulumi:t::p::{type_}::x", "type": type_, "inputs": {**named, field: policy.text()}}
        for type_, field, named, policy in documents
    ]
    sites = declared({"organization": "usds", "legacy": {"sites": {"virginia": DECLARED | {"phase": phase}}}})
    assert leaks(graph_of(resources), sites) == ()
    trust = json.loads(resources[0]["inputs"]["assumeRolePolicy"])
    del trust["Statement"][0]["Condition"]
    resources[0]["inputs"]["assumeRolePolicy"] = json.dumps(trust)
    assert {leak.rule for leak in leaks(graph_of(resources), sites)} == {Rule.STRANGER}


DECLARED = {
    "region": "us-east-1",
    "accountId": "111111111111",
    "deployerRole": "usdata-deployer",
    "operatorRole": "retirers",
    "adopt": {"profiles": "tt-profiles"},
}


def test_a_closed_site_has_nothing_to_reach():
    """Nothing is declared of it."""
    value = {"organization": "usds", "legacy": {"sites": {"virginia": DECLARED | {"phase": "closed"}}}}
    assert declared(value) == ()
