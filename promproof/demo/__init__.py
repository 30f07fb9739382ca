"""A small shop with its monitoring, for a demonstration where there is no service to show: data, and one program."""
