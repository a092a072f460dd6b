"""What the ledger adds up to."""

import csv

from pocket.money import format_cents


def totals(expenses):
    """Return (category, cents) pairs, the largest total first, equal totals by name."""
    sums = {}
    for expense in expenses:
        sums[expense.category] = sums.get(expense.category, 0) + expense.cents
    return sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))


def write_csv(expenses, out):
    """Write `expenses` to `out` as CSV with a header line."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["date", "amount", "category", "note"])
    for expense in expenses:
        writer.writerow([expense.date, format_cents(expense.cents), expense.category, expense.note])
