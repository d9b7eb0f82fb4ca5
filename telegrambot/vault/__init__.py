"""Secrets at rest: values that are of no use to whoever gets hold of the database alone."""
