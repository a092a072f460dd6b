"""Commands that do not exist are refused."""

import contextlib
import io
import unittest

from app.cli import main


class WrongCommands(unittest.TestCase):
    def test_unknown_and_missing_commands_end_with_code_2(self):
        for arguments in [[], ["nothing"], ["--nothing"]]:
            with self.subTest(arguments), contextlib.redirect_stderr(io.StringIO()):
                with self.assertRaises(SystemExit) as stop:
                    main(arguments)
                self.assertEqual(stop.exception.code, 2)
