"""Drills that show what the app withstands: `make drills`, docs/reliability.md."""
