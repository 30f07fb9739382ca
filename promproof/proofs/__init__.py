"""Proofs that need no target: where an alert really flips, found in virtual time."""
