import io
import unittest

from app import __version__
from app.cli import NAME, main


class About(unittest.TestCase):
    def test_says_what_it_is_and_that_it_is_a_skeleton(self):
        out = io.StringIO()
        self.assertEqual(main(["about"], out), 0)
        self.assertTrue(out.getvalue().startswith(f"{NAME} {__version__}: a skeleton"))
