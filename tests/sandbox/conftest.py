"""Servers of a fresh simulated world for each test, and clients for its providers."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from infra import sandbox
from tests.sandbox.client import ACCOUNT, TENANCY, Client
from tests.sandbox.world import World, build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def faults() -> sandbox.Faults:
    """Faults of this test's servers; empty unless the test adds some."""
    return sandbox.Faults()


@pytest.fixture
def servers(tmp_path: Path, faults: sandbox.Faults) -> Iterator[sandbox.Servers]:
    """Both clouds, empty."""
    with sandbox.serve(tmp_path / "clouds.sqlite", faults=faults) as running:
        yield running


@pytest.fixture
def oci(servers: sandbox.Servers) -> Iterator[Callable[..., Client]]:
    """Makes a provider instance of Oracle Cloud: `oci("us-phoenix-1")`."""
    with ExitStack() as stack:

        def make(region: str = "us-ashburn-1", **settings: Any) -> Client:
            client = Client(servers.addresses["oci"], {"region": region, "tenancyOcid": TENANCY} | settings)
            stack.callback(client.close)
            return client

        yield make


@pytest.fixture
def aws(servers: sandbox.Servers) -> Iterator[Callable[..., Client]]:
    """Makes a provider instance of AWS: `aws("ap-southeast-1")`."""
    with ExitStack() as stack:

        def make(region: str = "us-east-1", account: str = ACCOUNT, **settings: Any) -> Client:
            given = {"region": region, "allowedAccountIds": f'["{account}"]', "skipRegionValidation": "true"}
            client = Client(servers.addresses["aws"], given | settings)
            stack.callback(client.close)
            return client

        yield make


@pytest.fixture
def world(oci: Callable[..., Client], aws: Callable[..., Client]) -> World:
    """One resource of every modelled type."""
    return build(oci("us-ashburn-1"), oci("us-phoenix-1"), aws("us-east-1"))
