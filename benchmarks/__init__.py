"""How fast and how large this is, measured: `make bench`, or `python -m benchmarks`.

Every figure goes into results.json, and docs/benchmarks.md is made from that alone.
"""
