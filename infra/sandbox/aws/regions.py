"""Regions of AWS's commercial partition, and what identifiers look like. Source: AWS's endpoint tables."""

import hashlib
import uuid
from typing import Final

from infra.sandbox.errors import Unreachable

PARTITION: Final = "aws"

REGIONS: Final = frozenset(
    [
        "af-south-1",
        "ap-east-1",
        "ap-east-2",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-south-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-7",
        "ca-central-1",
        "ca-west-1",
        "eu-central-1",
        "eu-central-2",
        "eu-north-1",
        "eu-south-1",
        "eu-south-2",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "il-central-1",
        "me-central-1",
        "me-south-1",
        "mx-central-1",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    ]
)

HOSTED_ZONES: Final = {"us-east-1": "Z3AQBSTGFYJSTF", "ap-southeast-1": "Z3O0J2DXBE1FTB"}
"""Hosted zones of S3 website endpoints (AWS General Reference); other regions get a made-up one."""


def refuse_region(region: str, service: str) -> None:
    """What a call to a region's endpoint ends with where there is no such region.

    Raises:
        Unreachable: the host name does not resolve.
    """
    if region not in REGIONS:
        host = f"{service}.{region}.amazonaws.com"
        raise Unreachable(f"operation error {service.upper()}: dial tcp: lookup {host}: no such host")


def arn(service: str, region: str, account: str, resource: str) -> str:
    """An Amazon Resource Name."""
    return f"arn:{PARTITION}:{service}:{region}:{account}:{resource}"


def unique_id(*parts: object) -> str:
    """A UUID that depends on its parts only."""
    return str(uuid.UUID(hashlib.sha256("\x00".join(map(str, parts)).encode()).hexdigest()[:32], version=4))


def letters_id(prefix: str, *parts: object) -> str:
    """An IAM identifier such as AROA…."""
    return prefix + hashlib.sha256("\x00".join(map(str, parts)).encode()).hexdigest()[:17].upper()
