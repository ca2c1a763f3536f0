"""Exit codes of the commands."""

DONE, FAILED = 0, 1
STOPPED = 130
"""What shells use for a process interrupted at the keyboard: 128 + SIGINT."""
