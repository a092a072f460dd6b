"""Reports on ledgers that are empty, full of ties, or full of awkward text."""

import csv
import io

from tests.helpers import LedgerCase


class OddLedgers(LedgerCase):
    def test_an_empty_ledger_sums_to_zero(self):
        self.assertEqual(self.run_pocket("summary"), (0, "        0.00  total\n", ""))
        self.assertEqual(self.run_pocket("export"), (0, "date,amount,category,note\n", ""))

    def test_equal_totals_are_in_the_order_of_their_names(self):
        for category in ["zoo", "art", "music"]:
            self.run_pocket("add", "5", category)
        _, out, _ = self.run_pocket("summary")
        self.assertEqual([line.split()[1] for line in out.splitlines()], ["art", "music", "zoo", "total"])

    def test_awkward_notes_survive_the_way_through_csv(self):
        notes = ['say "hi"', "a, b", "two\nlines", "=1+1", "žluťoučký"]
        for note in notes:
            self.run_pocket("add", "1", "food", "--date", "2026-01-01", "--note", note)
        _, out, _ = self.run_pocket("export")
        self.assertEqual([row["note"] for row in csv.DictReader(io.StringIO(out))], notes)

    def test_many_small_amounts_do_not_drift(self):
        for _ in range(30):
            self.run_pocket("add", "0.10", "sweets")
        _, out, _ = self.run_pocket("summary")
        self.assertEqual(out.splitlines()[-1].split(), ["3.00", "total"])
