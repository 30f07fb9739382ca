"""Observers: they ask a component and return what it said. They never judge."""
