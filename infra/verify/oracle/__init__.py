"""Access in Oracle Cloud, from its policies' statements.

`statements` reads them; `access` says what they let in that nobody declared, `duties` what a group is let do beyond its
duty, `doors` what lets somebody in beside statements, by tables in `granted`; `requests`, `attempts` and `visits` ask
again, one by one; `reach` tells who gets to which bucket.
"""
