"""May anything be deleted? Every rule in one pure function over plain values, explored state by state in the tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionFacts:
    """What is known at the moment before the first delete request of a run.

    Attributes:
        receipt_problems: why the signed chain permits no deletion (`receipt_rules.permission`); empty when it does.
        receipt_root: census root of the comparison receipt that permits it; empty when none does.
        census_root: root of the census in the work file.
        given_root: the root, or its beginning, given on the command line.
        new_data: versions and uploads listed now that are not in the census.
        new_markers: delete markers listed now that are not in the census.
        vanished: entries of the census that are not listed now and that this work file did not delete.
        expires: whether the bucket's own lifecycle rules delete everything (phase `wipe` puts them there).
        uncovered: entries that must be covered and for which Oracle Cloud does not list the proved copy now.
    """

    receipt_problems: tuple[str, ...]
    receipt_root: str
    census_root: str
    given_root: str
    new_data: int
    new_markers: int
    vanished: int
    expires: bool
    uncovered: int


def refusals(facts: DeletionFacts) -> tuple[str, ...]:
    """Every reason why nothing may be deleted now, with what to do; empty means that it may begin or go on."""
    found = list(facts.receipt_problems)
    if not facts.receipt_problems and facts.receipt_root != facts.census_root:
        found.append(
            f"the comparison receipt is about census {facts.receipt_root[:12]}, the work file's is "
            f"{facts.census_root[:12]}; run census on this machine, or get the receipts of this census signed"
        )
    if not facts.given_root or not facts.census_root.startswith(facts.given_root):
        found.append(
            f"the census given on the command line is {facts.given_root or 'nothing'}, the work file's is "
            f"{facts.census_root}; give its first 8 digits or more with --census"
        )
    if facts.new_data:
        found.append(
            f"{facts.new_data} versions or uploads were written after the census; find the writer, then run census, "
            "compare and attest again"
        )
    if facts.new_markers and not facts.expires:
        found.append(
            f"{facts.new_markers} delete markers were written after the census and no lifecycle rule explains them; "
            "find who deletes, then run census, compare and attest again"
        )
    if facts.vanished and not facts.expires:
        found.append(
            f"{facts.vanished} entries of the census are gone and this work file did not delete them; find who did, "
            "then run census, compare and attest again"
        )
    if facts.uncovered:
        found.append(
            f"{facts.uncovered} versions are not in Oracle Cloud as they were when they were compared; run compare "
            "(and drain, if it finds something missing), then wipe again: the receipts stay valid"
        )
    return tuple(found)
