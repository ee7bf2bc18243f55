"""`python -m infra.deploy`: what runs around `pulumi up`, so that only what was reviewed is ever applied.

A review is a folder: the preview, the plan, the certificate of the proof, and `review.json`, which binds them to each
other, to the source that made them and to the state that they start from. `up` applies a review or nothing.

What it refuses: every way to apply less, more or something else than the review (`refusals`); a review whose parts do
not belong together, or whose state has moved on (`binding`); a state that lies outside the United States or holds a
secret in the clear (`residence`); a second run at the same time; a phase move that nobody approved (`approval`).
"""
