"""One bucket of Object Storage, read and written so that no two writers ever overwrite each other.

A write names the ETag of what it replaces, or that nothing may be there (Oracle's page "PutObject", headers `if-match`
and `if-none-match`); Object Storage decides, whoever else writes at the same time.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from infra.cli.refusal import Refused
from infra.deploy.oracle import sdk, unreachable

if TYPE_CHECKING:
    from collections.abc import Generator

    from infra.residency.state_home import StateHome


class ChangedError(Exception):
    """Somebody else wrote first: what was to be replaced is not there any more, or something already is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An object as it was read: its bytes, and the ETag by which a write can name it."""

    data: bytes
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket."""

    client: Any
    namespace: str
    name: str

    def read(self, key: str) -> Stored | None:
        """An object, or None where there is none.

        Raises:
            Refused: It cannot be read.
        """
        with _failures(f"reading {self.name}/{key}"):
            try:
                answer = self.client.get_object(self.namespace, self.name, key)
            except sdk("exceptions").ServiceError as error:
                if error.status == HTTPStatus.NOT_FOUND and error.code == "ObjectNotFound":
                    return None
                raise
            return Stored(data=answer.data.content, etag=str(answer.headers["etag"]))

    def write(self, key: str, data: bytes, *, replacing: str | None) -> str:
        """Write an object; returns its ETag.

        Args:
            key: the object's name.
            data: what it is to hold.
            replacing: the ETag of what it replaces, or None where nothing may be there.

        Raises:
            ChangedError: Something else is there.
            Refused: It cannot be written.
        """
        condition = {"if_none_match": "*"} if replacing is None else {"if_match": replacing}
        with _failures(f"writing {self.name}/{key}"):
            return str(self.client.put_object(self.namespace, self.name, key, data, **condition).headers["etag"])

    def remove(self, key: str, *, etag: str) -> None:
        """Remove an object that still is the one of that ETag.

        Raises:
            ChangedError: It is not.
            Refused: It cannot be removed.
        """
        with _failures(f"removing {self.name}/{key}"):
            self.client.delete_object(self.namespace, self.name, key, if_match=etag)

    def names(self, prefix: str) -> list[str]:
        """The names of the objects that begin so, sorted.

        Raises:
            Refused: They cannot be listed.
        """
        with _failures(f"listing {self.name}/{prefix}"):
            answer = sdk("pagination").list_call_get_all_results(
                self.client.list_objects, self.namespace, self.name, prefix=prefix
            )
            return sorted(str(found.name) for found in answer.data.objects)

    def refuse_open(self, home: StateHome) -> None:
        """Nothing, where the bucket guards what it holds.

        Raises:
            Refused: Anyone can read it, Oracle's own key encrypts it, or it forgets what was there before.
        """
        with _failures(f"reading the settings of {self.name}"):
            found = self.client.get_bucket(self.namespace, self.name).data
        wrong = [
            text
            for text, holds in {
                f"public access is {found.public_access_type}": found.public_access_type != "NoPublicAccess",
                "it has no key of its own": not found.kms_key_id,
                f"versioning is {found.versioning}": found.versioning != "Enabled",
                f"it is in compartment {found.compartment_id}": found.compartment_id != home.compartment_id,
            }.items()
            if holds
        ]
        if wrong:
            raise Refused(
                f"the bucket {self.name} does not guard a state",
                given="; ".join(wrong),
                allowed="no public access, a key of its own, versioning, the compartment of the stack file",
                fix="python -m infra.deploy bootstrap says what to mend",
            )


@contextmanager
def _failures(what: str) -> Generator[None]:
    exceptions = sdk("exceptions")
    try:
        yield
    except exceptions.ServiceError as error:
        if error.status == HTTPStatus.PRECONDITION_FAILED:
            raise ChangedError(what) from error
        raise unreachable(what, error) from error
    except (exceptions.RequestException, exceptions.ConnectTimeout) as error:
        raise unreachable(what, error) from error
