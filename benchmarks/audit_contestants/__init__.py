"""The same table once for each way of auditing. Needs requirements-bench.txt."""
