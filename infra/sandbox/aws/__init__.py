"""Simulated AWS: one module per service."""
