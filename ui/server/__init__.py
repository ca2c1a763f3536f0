"""What runs beside the pages: logs, start-up, warming, sessions and /ready."""
