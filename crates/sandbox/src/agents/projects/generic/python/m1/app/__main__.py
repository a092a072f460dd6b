"""`python3 -m app` starts here."""

import sys

from app.cli import main

sys.exit(main())
