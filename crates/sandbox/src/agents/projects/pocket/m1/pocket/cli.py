"""The commands: arguments in, one line per fact out."""

import argparse
import datetime
import re
import sys

from pocket import __version__, money, store


class Parser(argparse.ArgumentParser):
    """An argument parser that complains in one line."""

    def error(self, message):
        self.exit(2, f"pocket: {message}\n")


def _day(text):
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d").date().isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` is not a day; write it like 2026-01-31") from None


def _month(text):
    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text) is None:
        raise argparse.ArgumentTypeError(f"`{text}` is not a month; write it like 2026-01")
    return text


def _amount(text):
    try:
        return money.parse_amount(text)
    except money.AmountError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _category(text):
    name = text.strip().lower()
    if not name:
        raise argparse.ArgumentTypeError("a category has a name")
    return name


def build_parser():
    """Return the parser of all commands."""
    parser = Parser(prog="pocket", description="Keep track of what you spend.")
    parser.add_argument("--version", action="version", version=f"pocket {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    add = commands.add_parser("add", help="record an expense")
    add.add_argument("amount", type=_amount, help="like 12.50")
    add.add_argument("category", type=_category)
    add.add_argument("--note", default="")
    add.add_argument("--date", type=_day, help="like 2026-01-31; today when left out")

    listing = commands.add_parser("list", help="show the expenses, newest first")
    listing.add_argument("--category", type=_category)
    listing.add_argument("--month", type=_month, help="like 2026-01")
    return parser


def select(expenses, category=None, month=None):
    """Return the expenses of a category and a month, newest first."""
    chosen = [
        expense
        for expense in expenses
        if (category is None or expense.category == category)
        and (month is None or expense.date.startswith(month + "-"))
    ]
    return sorted(chosen, key=lambda expense: (expense.date, expense.id), reverse=True)


def _add(arguments, path, out):
    date = arguments.date or datetime.date.today().isoformat()
    expense = store.add(path, date, arguments.amount, arguments.category, arguments.note)
    print(f"added {money.format_cents(expense.cents)} to {expense.category} on {expense.date}", file=out)


def _list(arguments, path, out):
    for expense in select(store.load(path), arguments.category, arguments.month):
        line = f"{expense.date}  {money.format_cents(expense.cents):>12}  {expense.category}  {expense.note}"
        print(line.rstrip(), file=out)


COMMANDS = {"add": _add, "list": _list}


def main(argv=None, out=None):
    """Run one command and return its exit code."""
    arguments = build_parser().parse_args(argv)
    try:
        COMMANDS[arguments.command](arguments, store.default_path(), out or sys.stdout)
    except store.LedgerError as error:
        print(f"pocket: {error}", file=sys.stderr)
        return 2
    return 0
