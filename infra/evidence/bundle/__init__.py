"""The evidence bundle: a folder that an auditor takes away and checks alone.

Made from what is handed in (preview, certificate, access matrix, receipts, versions); the same input gives the same
bytes. An in-toto statement names every file by its SHA-256, and stands in a DSSE envelope that may be signed.
"""
