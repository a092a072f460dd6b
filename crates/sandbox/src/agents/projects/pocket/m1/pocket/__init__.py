"""Pocket ledger: a small, exact record of what was spent."""

__version__ = "0.1.0"
