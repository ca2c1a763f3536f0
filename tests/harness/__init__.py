"""What tests, drills and benchmarks share; it imports none of them."""
