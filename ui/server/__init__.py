"""Beside the pages: logs, start-up, warming and /ready."""
