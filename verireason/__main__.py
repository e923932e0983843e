"""`python -m verireason`."""

import sys

from verireason.cli import main

sys.exit(main())
