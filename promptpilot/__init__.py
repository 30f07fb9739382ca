"""PromptPilot: the monitored API that ships with the project.

A small real service, instrumented exactly as its monitoring page says. It imports nothing else of this
repository.
"""
