"""The register names each requirement once and says something about it."""

import unittest

from app import requirements


class Soundness(unittest.TestCase):
    def test_ids_are_unique_and_texts_are_not_empty(self):
        register = requirements.load()
        self.assertEqual(len({entry.id for entry in register}), len(register))
        for entry in register:
            with self.subTest(entry.id):
                self.assertTrue(entry.text.strip())
