from tests.helpers import LedgerCase


class Summary(LedgerCase):
    def setUp(self):
        super().setUp()
        self.run_pocket("add", "19.99", "books", "--date", "2026-01-05")
        self.run_pocket("add", "0.01", "books", "--date", "2026-02-01")
        self.run_pocket("add", "750", "rent", "--date", "2026-01-31")

    def test_shows_the_largest_total_first_and_then_the_grand_total(self):
        _, out, _ = self.run_pocket("summary")
        self.assertEqual(out, "      750.00  rent\n       20.00  books\n      770.00  total\n")

    def test_narrows_down_to_a_month(self):
        _, out, _ = self.run_pocket("summary", "--month", "2026-02")
        self.assertEqual(out, "        0.01  books\n        0.01  total\n")


class Export(LedgerCase):
    def test_writes_a_header_and_the_oldest_expense_first(self):
        self.run_pocket("add", "2", "food", "--date", "2026-01-02", "--note", "bread")
        self.run_pocket("add", "1", "food", "--date", "2026-01-01")
        _, out, _ = self.run_pocket("export")
        self.assertEqual(out, "date,amount,category,note\n2026-01-01,1.00,food,\n2026-01-02,2.00,food,bread\n")
