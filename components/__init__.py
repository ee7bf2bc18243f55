"""Pulumi components: each takes planned values and registers what they say, deciding nothing itself."""
