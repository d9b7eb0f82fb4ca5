"""Measurements, each beside what it is compared with (`make bench`); the Django app of the views measured."""
