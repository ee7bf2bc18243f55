"""Finds what an interrupted run created in the simulated clouds without living to write it down.

An operator would look into the cloud's console for a resource with the name and settings of the one whose creation is
open; this does the same in the simulated clouds' file.
"""

from pathlib import Path

from google.protobuf.struct_pb2 import Struct

from infra.sandbox.store import ACTIVE, Store
from infra.sandbox.values import from_wire, seal


def find(database: Path, *, token: str, inputs: Struct, region: str, known: frozenset[str]) -> str | None:
    """The identifier of a live resource that was created with exactly these inputs.

    Args:
        database: file of the simulated clouds.
        token: Pulumi type token.
        inputs: what the creation sent, as it was sent.
        region: region of the connection; resources that belong to an account as a whole are found from any.
        known: identifiers that the state already has: those are other resources.

    Returns:
        The first such identifier (twins are as good as each other), or None.
    """
    wanted = seal(from_wire(inputs))
    store = Store(database)
    try:
        with store.reading() as clouds:
            found = (
                record.id
                for record in clouds.all(type=token, status=ACTIVE)
                if record.region in {"", region} and record.id not in known and record.inputs == wanted
            )
            return next(found, None)
    finally:
        store.close()
