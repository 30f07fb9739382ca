"""Boundary proofs: where an alert really flips, found in virtual time, without the service."""
