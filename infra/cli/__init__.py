"""`python -m infra`: wires program, engine and clouds, and says in words what they do.

What it refuses: a stack file with findings, before anything is planned; a change of a real cloud, which is the ordinary
command line's business; an argument that it does not understand. Never with a traceback.
"""

from infra.cli.app import main

__all__ = ["main"]
