import io
import tempfile
import unittest
from pathlib import Path

from app import requirements
from app.cli import main


class Register(unittest.TestCase):
    def test_every_requirement_is_listed(self):
        out = io.StringIO()
        self.assertEqual(main(["requirements"], out), 0)
        listed = [line.split()[0] for line in out.getvalue().splitlines()]
        self.assertEqual(listed, [entry.id for entry in requirements.load()])
        self.assertGreater(len(listed), 0)

    def test_a_broken_line_is_named(self):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "requirements.tsv"
            path.write_text("R1\topen\tfine\nR2\tperhaps\tnot fine\n", encoding="utf-8")
            with self.assertRaisesRegex(ValueError, "line 2"):
                requirements.load(path)
