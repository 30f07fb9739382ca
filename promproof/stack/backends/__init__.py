"""The backends that a run can have, one module each; a module registers itself."""
