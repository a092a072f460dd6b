"""A ledger in a throw-away directory, and a way to run commands on it."""

import contextlib
import io
import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from pocket.cli import main


class LedgerCase(unittest.TestCase):
    """A test that has a ledger file of its own."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = Path(directory.name) / "ledger.json"
        named = mock.patch.dict(os.environ, {"POCKET_FILE": str(self.path)})
        named.start()
        self.addCleanup(named.stop)

    def run_pocket(self, *arguments):
        """Run a command; return its exit code, standard output and standard error."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = main(list(arguments))
            except SystemExit as stop:
                code = stop.code
        return code, out.getvalue(), err.getvalue()
