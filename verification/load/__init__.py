"""Load sessions: a scenario played by Locust, judged while it runs, and reported whatever ended it."""
