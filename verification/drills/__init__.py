"""Drills: a fault, its dose on both sides of a threshold, and what the alert must do about it."""
