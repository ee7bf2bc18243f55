"""What a reviewer and an auditor take away: the report page, the pull request comment, results for other tools.

Everything here is made from a `Review`, a plain document; nothing here knows the engine, the program or a cloud.
"""
