"""Benchmarks of accuracy, speed and memory: `python -m benchmarks`.

Every figure goes into results.json, and docs/benchmarks.md is made from that alone.
"""
