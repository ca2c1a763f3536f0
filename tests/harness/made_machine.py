"""A machine that figures were measured on, as results.json describes it."""

MACHINE = {
    "date": "2026-01-02T03:04:05+00:00",
    "commit": "abc",
    "system": "Linux x86_64",
    "processor": "Some CPU",
    "cores": 2,
    "load_before": 0.1,
    "python": "3.11.7",
    "packages": {"numpy": "2"},
    "model": {"name": "mobile", "run": "r", "bytes": 1_500_000, "sha256": "f" * 64},
}
