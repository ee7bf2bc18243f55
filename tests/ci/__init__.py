"""A pull request from its first edit to the evidence of its deployment, on the simulated clouds; and nine sabotages."""
