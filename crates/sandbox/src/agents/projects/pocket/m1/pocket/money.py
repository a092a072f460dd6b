"""Money as whole cents: text in, text out, and no binary fraction in between."""

import re

_AMOUNT = re.compile(r"(\d{1,12})(?:\.(\d{1,2}))?", re.ASCII)


class AmountError(ValueError):
    """The text is not an amount this program can keep exactly."""


def parse_amount(text):
    """Return the amount written in `text` as a number of cents."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise AmountError(f"`{text}` is not an amount; write it like 12.50, with at most two decimals")
    whole, part = match.group(1), match.group(2) or ""
    cents = int(whole) * 100 + int(part.ljust(2, "0"))
    if cents == 0:
        raise AmountError("an amount is greater than zero")
    return cents


def format_cents(cents):
    """Return `cents` as text with two decimals."""
    return f"{cents // 100}.{cents % 100:02d}"
