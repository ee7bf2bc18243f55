"""Retirement of a legacy site: count everything, prove it is in Oracle Cloud, delete it, prove that nothing is left.

`python -m infra.retirement census|compare|drain|wipe|verify-empty|attest` on the real S3 API, for both clouds. Data
flows one way: `job` (what the site is) -> `clients`, `listing` (what is there) -> `workfile` (what was seen and done,
crash-safe) -> `census`, `compare`, `drain`, `wipe`, `empty` (one step each) -> `attest` (receipts). `decide` holds the
rules by which anything may be deleted, in plain values; `inventory` and `engines` do what does not fit one process.
"""

TOOL_VERSION = "1"
