"""No example of a property has a deadline: the machines are shared, and no test asserts a time."""

from hypothesis import settings

settings.register_profile("without-deadline", deadline=None)
settings.load_profile("without-deadline")
