"""The contract: every promise of a service's monitoring page, as a strict model; and the page itself, read."""
