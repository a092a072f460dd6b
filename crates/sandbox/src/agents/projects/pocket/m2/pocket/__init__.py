"""Pocket ledger: a small, exact record of what was spent."""

__version__ = "0.2.0"
