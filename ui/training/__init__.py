"""The Training page, a module a view."""
