"""Rows of the refusal tables for what records and alarms: audit retention, connectors, events, trails."""

from tests.sandbox.client import ACCOUNT, TENANCY

OTHER = {"name": "n"}
LOGGING = {"kind": "logging"}
LOGS = {"compartmentId": TENANCY, "logGroupId": "_Audit"}
BUCKET = {"kind": "objectStorage", "bucket": "audit-iad", "namespace": "axexample"}
TOLD = {"isEnabled": True, "actionType": "ONS"}

CREATES = [
    ("audit", {"retentionPeriodDays": 30}, "400-InvalidParameter", "90 to 365"),
    ("audit", {"retentionPeriodDays": 366}, "400-InvalidParameter", "90 to 365"),
    ("audit", {"compartmentId": "$data"}, "400-InvalidParameter", "whole tenancy"),
    ("connector", {"target": BUCKET | {"bucket": "none"}}, "404-BucketNotFound", "none"),
    ("connector", {"target": {"kind": "objectStorage"}}, "400-InvalidParameter", "target.bucket"),
    ("connector", {"source": LOGGING}, "400-InvalidParameter", "at least one"),
    ("connector", {"source": LOGGING | {"logSources": [LOGS | {"logGroupId": "no"}]}}, "404-", "no log group no"),
    ("connector", {"source": LOGGING | {"logSources": [LOGS | {"compartmentId": "no"}]}}, "404-", "compartment no"),
    (
        "connector",
        {"source": LOGGING | {"logSources": [LOGS | {"logGroupId": "$logs", "logId": "no"}]}},
        "404-",
        "no log no",
    ),
    ("connector", {"tasks": [{"kind": "logRule"}]}, "400-InvalidParameter", "tasks.condition"),
    ("event-rule", {"condition": "[]"}, "400-InvalidParameter", "eventType and data"),
    ("event-rule", {"condition": '{"eventTypes": []}'}, "400-InvalidParameter", "eventType and data"),
    ("event-rule", {"condition": '{"eventType": "createpolicy"}'}, "400-InvalidParameter", "no event types"),
    ("event-rule", {"actions": {"actions": []}}, "400-InvalidParameter", "1 to 10"),
    ("event-rule", {"actions": {"actions": [TOLD]}}, "404-NotAuthorizedOrNotFound", "no topic None"),
    ("event-rule", {"actions": {"actions": [TOLD | {"topicId": "no"}]}}, "404-NotAuthorizedOrNotFound", "no topic no"),
    ("health-alarm", {"query": "unwell"}, "400-InvalidParameter", "no expression"),
    ("health-alarm", {"query": "HTTP.isHealthy[1m].mean() ~ 1"}, "400-InvalidParameter", "no expression"),
    ("health-alarm", {"destinations": ["no"]}, "404-NotAuthorizedOrNotFound", "no topic no"),
    ("health-alarm", {"metricCompartmentId": "no"}, "404-NotAuthorizedOrNotFound", "no compartment no"),
    ("ons", {}, "409-NotificationTopicAlreadyExists", "alarms"),
    ("ons", {"name": "a b"}, "400-InvalidParameter", "a b"),
    ("told", {}, "409-SubscriptionAlreadyExists", "desk@example.com"),
    ("told", {"endpoint": "desk"}, "400-InvalidParameter", "'desk'"),
    ("told", {"topicId": "none"}, "404-NotAuthorizedOrNotFound", "none"),
    ("trail", {}, "AlreadyExistsException", "watch"),
    ("trail", {"name": "a b"}, "InvalidTrailNameException", "a b"),
    ("trail", OTHER | {"name": "watch-2", "includeGlobalServiceEvents": False, "isMultiRegionTrail": True},
     "InvalidParameterCombination", "global service events"),
    ("trail", {"name": "watch-2", "s3BucketName": "none"}, "S3BucketDoesNotExist", "none"),
    ("trail", {"name": "watch-2", "s3BucketName": "tt-reports"}, "InsufficientS3BucketPolicy", "tt-reports"),
    ("trail", {"name": "watch-3"}, "InsufficientS3BucketPolicy", "tt-trails"),  # bound to the ARN of another trail
    ("trail", {"name": "watch-2", "s3KeyPrefix": "elsewhere"}, "InsufficientS3BucketPolicy", "tt-trails"),
    ("trail", {"name": "watch-2", "kmsKeyId": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/none"}, "KmsKeyNotFound", "none"),
    ("bus-rule", OTHER | {"eventPattern": '{"source": "aws.kms"}'}, "InvalidEventPattern", "leaf"),
    ("bus-rule", OTHER | {"eventPattern": "[]"}, "InvalidEventPattern", "leaf"),
    ("bus-target", {"rule": "none"}, "NotFoundException", "none"),
    ("bus-target", {"arn": f"arn:aws:sns:ap-southeast-1:{ACCOUNT}:transfer"}, "ValidationException", "ap-southeast-1"),
    ("topic-policy", {"policy": '{"Statement": []}'}, "InvalidParameter", "Statement is empty"),
    ("topic-policy", {"arn": f"arn:aws:sns:us-east-1:{ACCOUNT}:none"}, "NotFoundException", "none"),
    ("listener-mail", {"endpoint": "desk"}, "InvalidParameter", "Email address"),
    ("listener-mail", {"topic": f"arn:aws:sns:us-east-1:{ACCOUNT}:none"}, "NotFoundException", "none"),
    ("lock", {"bucket": "tt-plain"}, "InvalidBucketState", "Versioning must be 'Enabled'"),
]  # fmt: skip

DELETES = [("bus-rule", "DeleteConflict", "changes")]

UPDATES = [
    ("audit", {"retentionPeriodDays": 89}, "400-InvalidParameter", "90 to 365"),
    ("connector", {"target": BUCKET | {"bucket": "none"}}, "404-BucketNotFound", "none"),
    ("trail", {"s3BucketName": "tt-reports"}, "InsufficientS3BucketPolicy", "tt-reports"),
]
