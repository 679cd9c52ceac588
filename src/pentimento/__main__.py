"""`python -m pentimento` is the `pentimento` command."""

import sys

from .cli.main import main

if __name__ == "__main__":
    sys.exit(main())
