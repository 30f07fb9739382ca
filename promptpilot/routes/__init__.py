"""The routes of the API, one module per kind of resource; each gives its part of the route table."""
