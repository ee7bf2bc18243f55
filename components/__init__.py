"""Pulumi components: each registers what a planned value says, and decides nothing.

What decides where something is comes in as a value of the plan (`infra.residency`); only identifiers, addresses and a
vault's endpoint are Outputs. No component looks anything up, reads configuration or makes a provider.
"""
