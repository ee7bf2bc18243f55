"""Access in Oracle Cloud, from its policies' statements.

`statements` reads them; `access` says what they let in that nobody declared; `requests` asks again, request by request;
`reach` tells who gets to which bucket.
"""
