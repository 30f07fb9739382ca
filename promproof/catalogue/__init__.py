"""Faults of monitoring as data: planted into a user's own set-up, to learn which of them its checks would notice."""
