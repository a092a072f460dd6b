import unittest

from pocket.money import AmountError, format_cents, parse_amount


class ParseAmount(unittest.TestCase):
    def test_reads_whole_and_decimal_amounts(self):
        self.assertEqual(parse_amount("3"), 300)
        self.assertEqual(parse_amount("12.50"), 1250)
        self.assertEqual(parse_amount("12.5"), 1250)

    def test_refuses_what_it_cannot_keep(self):
        for text in ["", "abc", "-1", "1.234", "1e5", "0", "0.00", "1,50", "NaN"]:
            with self.subTest(text), self.assertRaises(AmountError):
                parse_amount(text)


class FormatCents(unittest.TestCase):
    def test_always_shows_two_decimals(self):
        self.assertEqual(format_cents(5), "0.05")
        self.assertEqual(format_cents(1250), "12.50")
