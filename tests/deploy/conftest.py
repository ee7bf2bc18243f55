"""A cloud for the home of a state, and a project folder whose sandbox stack is applied."""

import pytest

from infra.deploy.bucket import Bucket
from tests.cli.conftest import applied, applied_once, project  # noqa: F401 (the same fixtures, for this folder)
from tests.deploy import oracle_cloud


@pytest.fixture
def oracle():
    """A fresh cloud, and clients of it."""
    with oracle_cloud.serving() as served:
        yield served


@pytest.fixture
def bucket(oracle):
    """The bucket of a state, guarded and empty."""
    cloud, clients = oracle
    cloud.guarded_bucket("usds-state-iad")
    return Bucket(client=clients.storage(), namespace=oracle_cloud.NAMESPACE, name="usds-state-iad")
