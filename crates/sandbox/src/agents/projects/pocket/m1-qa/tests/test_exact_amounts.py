"""Amounts are exact to the cent: what goes in comes out."""

import unittest

from pocket.money import format_cents, parse_amount
from tests.helpers import LedgerCase


class EveryCent(unittest.TestCase):
    def test_every_amount_up_to_a_hundred_comes_back_as_written(self):
        wrong = []
        for cents in range(1, 10_000):
            text = f"{cents // 100}.{cents % 100:02d}"
            if format_cents(parse_amount(text)) != text:
                wrong.append(text)
        self.assertEqual(wrong, [], f"{len(wrong)} amounts changed their value")

    def test_large_amounts_keep_their_cents(self):
        self.assertEqual(parse_amount("999999999999.99"), 99_999_999_999_999)


class ThroughTheCommandLine(LedgerCase):
    def test_the_price_in_the_readme_stays_what_it_is(self):
        _, out, _ = self.run_pocket("add", "19.99", "books", "--date", "2026-03-01")
        self.assertEqual(out, "added 19.99 to books on 2026-03-01\n")
