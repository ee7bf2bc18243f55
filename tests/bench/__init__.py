"""Benchmarks: ratios between two things measured in the same run, printed for people, never asserted in tests."""
