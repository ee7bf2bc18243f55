"""Rows of the refusal tables for what copies backups: users and their keys, DataSync, alarms."""

from tests.sandbox.client import ACCOUNT

INVALID = "InvalidRequestException"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
REPORT = {"s3BucketArn": "arn:aws:s3:::tt-reports", "bucketAccessRoleArn": f"{ROLE}backup"}
OTHER = {"name": "n"}

CREATES = [
    ("user", {}, "409-UserAlreadyExists", "transfer"),
    ("member", {}, "409-Conflict", "already"),
    ("member", {"userId": "none"}, "404-NotAuthorizedOrNotFound", "none"),
    ("member", {"groupId": "none"}, "404-NotAuthorizedOrNotFound", "none"),
    ("secret-key", {"userId": "none"}, "404-NotAuthorizedOrNotFound", "none"),
    ("source", {"serverHostname": "https://example.com"}, INVALID, "no host name"),
    ("source", {"bucketName": "a b c"}, INVALID, "no bucket's name"),
    ("source", {"secretKey": None}, INVALID, "go together"),
    ("source", {"agentArns": ["arn:aws:datasync:x"]}, INVALID, "arn:aws:datasync:x"),
    (
        "source",
        {"agentArns": [f"arn:aws:datasync:ap-southeast-1:{ACCOUNT}:agent/agent-0123456789abcdef0"]},
        INVALID,
        "us-east-1",
    ),
    ("target", {"s3BucketArn": "arn:aws:s3:::none"}, INVALID, "GetBucketLocation in none"),
    ("target", {"s3Config": {"bucketAccessRoleArn": f"{ROLE}none"}}, INVALID, "does not exist"),
    ("target", {"s3Config": {"bucketAccessRoleArn": "arn:aws:iam::999999999999:role/backup"}}, INVALID, "no role of"),
    ("task", OTHER | {"sourceLocationArn": "arn:aws:datasync:none"}, INVALID, "does not exist in us-east-1"),
    ("task", OTHER | {"destinationLocationArn": "$source"}, INVALID, "are the same"),
    ("task", OTHER | {"schedule": {"scheduleExpression": "rate(5 minutes)"}}, INVALID, "rate(5 minutes)"),
    (
        "task",
        OTHER | {"taskMode": "ENHANCED", "options": {"verifyMode": "POINT_IN_TIME_CONSISTENT"}},
        INVALID,
        "basic mode only",
    ),
    (
        "task",
        OTHER | {"taskReportConfig": {"s3Destination": REPORT | {"s3BucketArn": "arn:aws:s3:::none"}}},
        INVALID,
        "none",
    ),
    ("topic", {"name": "a b"}, "InvalidParameter", "a b"),
    ("topic", {"name": "n", "fifoTopic": True}, "InvalidParameter", "'n'"),
    ("alarm", {}, "AlreadyExistsException", "profiles"),
    ("alarm", OTHER | {"threshold": None}, "ValidationError", "threshold"),
    ("alarm", OTHER | {"metricName": None, "statistic": None}, "ValidationError", "metricQueries"),
    ("alarm", OTHER | {"comparisonOperator": None}, "ValidationError", "comparisonOperator"),
    ("alarm", OTHER | {"datapointsToAlarm": 2}, "ValidationError", "evaluationPeriods"),
    (
        "alarm",
        OTHER | {"okActions": [f"arn:aws:sns:ap-southeast-1:{ACCOUNT}:transfer"]},
        "ValidationError",
        "Only us-east-1",
    ),
]

DELETES = [
    ("group", "409-IncorrectState", "UserGroupMembership"),
    ("user", "409-IncorrectState", "UserGroupMembership"),
    ("source", INVALID, "in use by"),
    ("target", INVALID, "in use by"),
]

UPDATES = [
    ("alarm", {"evaluationPeriods": None}, "ValidationError", "evaluationPeriods"),
    ("task", {"schedule": {"scheduleExpression": "cron(0 0)"}}, INVALID, "cron(0 0)"),
]

CHECKS = [
    (
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {"metricName": "m", "statistic": "Sum", "extendedStatistic": "p99", "period": 45},
        ["conflicts with", "conflicts with", "One of `statistic`", "divisible by 60, got 45"],
    ),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", {"metricName": "m"}, ["One of `statistic`"]),
]
