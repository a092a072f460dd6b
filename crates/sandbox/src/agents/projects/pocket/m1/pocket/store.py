"""The ledger file: one JSON document, replaced as a whole or not at all."""

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

FORMAT = 1


class LedgerError(Exception):
    """The ledger file cannot be read or written."""


@dataclass(frozen=True)
class Expense:
    """One expense. `date` is written YYYY-MM-DD, so text order is time order."""

    id: int
    date: str
    cents: int
    category: str
    note: str = ""


def default_path():
    """Return the file named by POCKET_FILE, or the one in the home directory."""
    named = os.environ.get("POCKET_FILE")
    return Path(named) if named else Path.home() / ".pocket-ledger.json"


def load(path):
    """Return the expenses kept in `path`; a file that is not there holds none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise LedgerError(f"`{path}` has format {document['format']}; this version reads format {FORMAT}")
        return [Expense(**entry) for entry in document["expenses"]]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise LedgerError(f"`{path}` cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise LedgerError(f"`{path}` is not a ledger; move it away or name another file in POCKET_FILE") from error


def save(path, expenses):
    """Replace `path` with a file holding `expenses`.

    The new file is written beside the old one and renamed over it, so that a crash leaves one of the two, whole.
    """
    document = {"format": FORMAT, "expenses": [asdict(expense) for expense in expenses]}
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
        raise LedgerError(f"`{path}` cannot be written: {error.strerror}") from error


def add(path, date, cents, category, note):
    """Append an expense to the ledger in `path` and return it."""
    expenses = load(path)
    number = max((expense.id for expense in expenses), default=0) + 1
    expense = Expense(number, date, cents, category, note)
    save(path, [*expenses, expense])
    return expense
