from tests.helpers import LedgerCase


class Add(LedgerCase):
    def test_records_an_expense_and_says_so(self):
        code, out, _ = self.run_pocket("add", "12.50", "Food", "--note", "lunch", "--date", "2026-01-31")
        self.assertEqual((code, out), (0, "added 12.50 to food on 2026-01-31\n"))
        _, listed, _ = self.run_pocket("list")
        self.assertEqual(listed, "2026-01-31         12.50  food  lunch\n")

    def test_refuses_wrong_input_in_one_line_and_writes_nothing(self):
        for arguments in [
            ("add", "twelve", "food"),
            ("add", "1.005", "food"),
            ("add", "1", " "),
            ("add", "1", "food", "--date", "2026-02-30"),
            ("list", "--month", "2026-13"),
            ("spend",),
        ]:
            with self.subTest(arguments):
                code, out, err = self.run_pocket(*arguments)
                self.assertEqual((code, out), (2, ""))
                self.assertEqual(err.count("\n"), 1, err)
                self.assertFalse(self.path.exists())


class List(LedgerCase):
    def setUp(self):
        super().setUp()
        self.run_pocket("add", "3", "food", "--date", "2026-01-05")
        self.run_pocket("add", "40", "rent", "--date", "2026-02-01")
        self.run_pocket("add", "4", "food", "--date", "2026-01-20")

    def dates(self, *arguments):
        _, out, _ = self.run_pocket("list", *arguments)
        return [line.split()[0] for line in out.splitlines()]

    def test_is_newest_first(self):
        self.assertEqual(self.dates(), ["2026-02-01", "2026-01-20", "2026-01-05"])

    def test_narrows_down_by_category_and_month(self):
        self.assertEqual(self.dates("--category", "FOOD"), ["2026-01-20", "2026-01-05"])
        self.assertEqual(self.dates("--month", "2026-02"), ["2026-02-01"])


class LedgerFile(LedgerCase):
    def test_a_file_that_is_not_a_ledger_is_left_alone(self):
        self.path.write_text("my diary")
        code, _, err = self.run_pocket("add", "1", "food")
        self.assertEqual(code, 2)
        self.assertIn("is not a ledger", err)
        self.assertEqual(self.path.read_text(), "my diary")

    def test_saving_leaves_no_other_file_behind(self):
        self.run_pocket("add", "1", "food")
        self.assertEqual([entry.name for entry in self.path.parent.iterdir()], ["ledger.json"])
