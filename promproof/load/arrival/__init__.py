"""The load models: one file each, which registers what drives its arrivals."""
