"""The checker of certificates: one file, for auditors, that shares no code with anything else here."""
