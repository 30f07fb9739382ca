"""Proves, with real traffic, that a service's monitoring tells the truth. Order of the rooms: tests/test_rooms.py."""
