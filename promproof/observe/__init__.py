"""Observers: they ask a component and return or write down what it said. They never judge."""
