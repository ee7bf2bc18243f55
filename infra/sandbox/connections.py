"""Which provider a connection belongs to.

Requests carry no provider reference: one server serves all provider instances of its package, and the connection
is the only thing that tells them apart. A connection is bound when its provider is configured; a call on a
connection that is not bound is refused, since guessing would put resources into another region.
"""

import threading

from infra.sandbox.errors import CloudError
from infra.sandbox.model import Place


class UnboundConnectionError(Exception):
    """A call came over a connection on which no provider was configured."""


class Connections:
    """Bindings of connections to places. Safe for threads."""

    def __init__(self) -> None:
        self._bound: dict[str, Place | CloudError] = {}
        self._lock = threading.Lock()

    def bind(self, peer: str, place: Place | CloudError) -> None:
        """Remember where calls of this connection land, or why they cannot land anywhere."""
        with self._lock:
            self._bound[peer] = place

    def place(self, peer: str) -> Place:
        """Where calls of this connection land.

        Raises:
            UnboundConnectionError: no provider was configured on this connection.
            CloudError: the provider's configuration does not say where it works.
        """
        with self._lock:
            found = self._bound.get(peer)
        if found is None:
            raise UnboundConnectionError(
                "this connection is not bound to a provider: it was opened after the provider had been configured "
                "(for example after a reconnect), and a guess could put resources into another region; run again"
            )
        if isinstance(found, CloudError):
            raise found
        return found
