"""Load: a scenario played by Locust, the ledger of what was really sent, judged while it runs."""
