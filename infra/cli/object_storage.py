"""What a failover asks Object Storage for that no Pulumi resource does: the real one, or the simulated one.

Making a bucket writable ends the replication into it (MakeBucketWritable); which objects a bucket has says whether
everything has arrived. Nothing else is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from infra.cli.refusal import Exit, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.cli.workspace import Workspace
    from infra.residency.placement import Placement, Tenancy


class ObjectStorage(Protocol):
    """Object Storage of a stack's tenancy, in every region."""

    def read_only(self, store: Placement) -> bool:
        """Whether a bucket is a replication destination, or was one and has not been made writable."""
        ...

    def replicates(self, store: Placement) -> bool:
        """Whether a bucket is a replication source."""
        ...

    def make_writable(self, store: Placement) -> None:
        """End the replication into a bucket, so that it can be written."""
        ...

    def objects(self, store: Placement) -> Mapping[str, str]:
        """The content of every object, as its MD5, by the object's name."""
        ...


def object_storage(workspace: Workspace, tenancy: Tenancy) -> ObjectStorage:
    """The one in which a stack's buckets are.

    Raises:
        Refused: It is the real one, and its package or its credentials are missing.
    """
    return _Simulated(workspace, tenancy) if workspace.is_simulated else _Oracle(tenancy)


class _Simulated:
    """The simulated cloud's own API."""

    def __init__(self, workspace: Workspace, tenancy: Tenancy) -> None:
        from infra.sandbox.oci.object_api import ObjectApi  # noqa: PLC0415 (only a failover needs it)

        self._api, self._namespace = ObjectApi(workspace.clouds), tenancy.namespace

    def read_only(self, store: Placement) -> bool:
        """See `ObjectStorage`."""
        return self._call(store, self._api.read_only)

    def replicates(self, store: Placement) -> bool:
        """See `ObjectStorage`."""
        return self._call(store, self._api.replicates)

    def make_writable(self, store: Placement) -> None:
        """See `ObjectStorage`."""
        self._call(store, self._api.make_writable)

    def objects(self, store: Placement) -> Mapping[str, str]:
        """See `ObjectStorage`."""
        return self._call(store, self._api.objects)

    def _call(self, store: Placement, call: Any) -> Any:
        from infra.sandbox.errors import CloudError, Unreachable  # noqa: PLC0415 (as above)
        from infra.sandbox.oci.object_api import Bucket  # noqa: PLC0415 (the same)

        try:
            return call(Bucket(store.region.value, self._namespace, store.bucket))
        except (CloudError, Unreachable) as error:
            raise _unanswered(store, str(error)) from error


class _Oracle:
    """Oracle Cloud, through its SDK, with the profile that the stack file names."""

    def __init__(self, tenancy: Tenancy) -> None:
        from infra.cli.lookups import credentials, package  # noqa: PLC0415 (the package is an extra)

        purpose = "failover of a real stack"
        self._oci = package(purpose)
        self._config = credentials(self._oci, tenancy.profile or "DEFAULT", purpose)
        self._namespace = tenancy.namespace
        self._clients: dict[str, Any] = {}

    def read_only(self, store: Placement) -> bool:
        """See `ObjectStorage`."""
        return bool(self._call(store, "get_bucket").data.is_read_only)

    def replicates(self, store: Placement) -> bool:
        """See `ObjectStorage`."""
        return bool(self._call(store, "get_bucket").data.replication_enabled)

    def make_writable(self, store: Placement) -> None:
        """See `ObjectStorage`."""
        self._call(store, "make_bucket_writable")

    def objects(self, store: Placement) -> Mapping[str, str]:
        """See `ObjectStorage`. What was uploaded in parts has no MD5 of its own in a list: its size stands for it."""
        found: dict[str, str] = {}
        start: str | None = None
        while True:
            further = {"start": start} if start is not None else {}
            page = self._call(store, "list_objects", fields="name,size,md5", limit=1000, **further).data
            found |= {it.name: str(it.md5 or it.size) for it in page.objects}
            start = page.next_start_with
            if start is None:
                return found

    def _call(self, store: Placement, name: str, **further: Any) -> Any:
        errors = self._oci.exceptions
        try:
            return getattr(self._client(store.region.value), name)(self._namespace, store.bucket, **further)
        except (errors.ServiceError, errors.RequestException, errors.ConnectTimeout) as error:
            raise _unanswered(store, str(getattr(error, "message", None) or error)) from error

    def _client(self, region: str) -> Any:
        if region not in self._clients:
            self._clients[region] = self._oci.object_storage.ObjectStorageClient({**self._config, "region": region})
        return self._clients[region]


def _unanswered(store: Placement, problem: str) -> Refused:
    return Refused(
        f"Object Storage in {store.region} did not do what it was asked for {store.bucket}: {problem}",
        fix="run the same command again once it answers; if the region is lost, name the other one with --lost",
        code=Exit.FAILED,
    )
