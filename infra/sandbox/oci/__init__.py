"""Simulated Oracle Cloud: one module per service."""
