"""The trails of the legacy sites: every call and every read there is logged where nobody can take it back.

`leaks` finds what is not, `grants` what the archive's policies let somebody do, `event_patterns` which events are told;
`acts` and `requests` decide again, act by act and request by request.
"""
