"""How a proof is told: to people on a terminal and in a pull request, and to machines."""
