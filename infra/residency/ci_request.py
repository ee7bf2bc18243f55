"""What a stack file asks for under `ci`: right in shape, not yet judged (see `deployment`)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRequest:
    """The identity domain of Oracle Cloud that exchanges a job's token.

    Attributes:
        url: where it answers.
        client_id: of the application through which alone tokens are exchanged.
        user_id: of the service user that a job acts as.
        trust_id: of the trust, where it was made before the stack; None where the stack makes it.
    """

    url: str
    client_id: str
    user_id: str
    trust_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CiRequest:
    """Which jobs deploy.

    Attributes:
        issuer: who signs what a job says about itself.
        repository: whose jobs they are, as owner and name.
        environments: in which of its environments: name by purpose.
    """

    issuer: str
    repository: str
    environments: Mapping[str, str]
    domain: DomainRequest
