"""What a plan rests on beside the stack file: receipts, and what has been deployed. Read by others, judged here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.residency.holders import Deployed
from infra.residency.receipts import Verify


def _believe_nobody(public_key: bytes, signature: bytes, message: bytes) -> bool:
    del public_key, signature, message
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is there to be believed; without any, nothing that needs a receipt may be.

    Attributes:
        stack: the stack's name, which every receipt must state.
        receipts: (file name, content) of each site's receipts, oldest first, by site.
        verify: checks one signature.
        approvals: (file name, content) of each approval of break-glass, in the order of the file names.
        deployed: what the stack has had so far; None where nothing says (a stack without a holders lock), and then
            neither the order of phases nor the staying of holders is judged.
    """

    stack: str = ""
    receipts: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict[str, tuple[tuple[str, str], ...]])
    verify: Verify = _believe_nobody
    approvals: tuple[tuple[str, str], ...] = ()
    deployed: Deployed | None = None


NO_EVIDENCE = Evidence()
