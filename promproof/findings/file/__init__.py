"""Kinds of findings about files that are read in part, or not at all."""
