"""The commands."""

import argparse
import sys

from app import __version__, requirements

NAME = "__TITLE__"


def main(argv=None, out=None):
    """Run one command and return its exit code."""
    out = out or sys.stdout
    parser = argparse.ArgumentParser(prog="app", description=NAME)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("about", help="say what this is and how far it got")
    commands.add_parser("requirements", help="list what was asked for and whether it is built")
    arguments = parser.parse_args(argv)
    register = requirements.load()
    if arguments.command == "requirements":
        for entry in register:
            print(f"{entry.id}  {entry.state:5}  {entry.text}", file=out)
    else:
        built = sum(entry.state == "built" for entry in register)
        print(f"{NAME} {__version__}: a skeleton, {built} of {len(register)} requirements are built", file=out)
    return 0
