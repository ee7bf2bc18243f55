"""Who deploys, and with what power: tokens of declared jobs only, and only the calls that a deployment needs.

`trust` says whom the clouds believe too much, `powers` what roles may do too much, `ground` what the stack's own
configuration needs; `tokens` and `requests` decide again, by making up tokens and calls one by one.
"""
