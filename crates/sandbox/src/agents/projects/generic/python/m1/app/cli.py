"""The commands."""

import argparse
import sys

from app import __version__

NAME = "__TITLE__"


def main(argv=None, out=None):
    """Run one command and return its exit code."""
    out = out or sys.stdout
    parser = argparse.ArgumentParser(prog="app", description=NAME)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("about", help="say what this is and how far it got")
    parser.parse_args(argv)
    print(f"{NAME} {__version__}: a skeleton, no requirement is built yet", file=out)
    return 0
