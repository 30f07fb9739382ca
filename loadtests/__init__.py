"""Load generation: scenarios as data, Locust users and arrivals, and the ledger of what was really sent."""
