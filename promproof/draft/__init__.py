"""A contract and a scenario from what a service already has: its exposition, its rules, its dashboards, its routes.

Recognising is pure: what was sent, and what the exposition read before and after it. What isn't certain is left out.
"""
