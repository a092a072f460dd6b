"""The register of requirements: what was asked for, and whether it is built."""

from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "requirements.tsv"
STATES = ("open", "built")


@dataclass(frozen=True)
class Requirement:
    """One line of the register."""

    id: str
    state: str
    text: str


def load(path=FILE):
    """Return the requirements in `path`, one per line: id, state and text, separated by tabs."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        parts = line.split("\t")
        if len(parts) != 3 or parts[1] not in STATES:
            raise ValueError(f"{path.name}, line {number}: expected id, one of {', '.join(STATES)}, and text")
        found.append(Requirement(*parts))
    return found
