"""The Dataset page, a module a view."""
