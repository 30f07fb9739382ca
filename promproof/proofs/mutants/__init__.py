"""Small changes of rules, as a person could really make them, and whether any test notices."""
