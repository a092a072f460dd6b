"""`python3 -m pocket` starts here."""

import sys

from pocket.cli import main

sys.exit(main())
