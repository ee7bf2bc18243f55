"""usdata: US user data lives in Oracle Cloud in the United States, by construction."""
