"""What a command says to the shell that called it."""

DONE, FAILED = 0, 1
STOPPED = 130
"""As of a process that was interrupted at the keyboard: 128 and the signal's number."""
