"""The Evaluation page, a module a view."""
