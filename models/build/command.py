"""What the command line of every stage does with an error."""

import sys
from collections.abc import Callable

from ganglion.models.build.errors import GanglionError


def run_stage(main: Callable[[], None]) -> None:
    """Run a stage's `main`: a GanglionError or a failing disk becomes one line on stderr and exit 1."""
    try:
        main()
    except GanglionError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: {error.filename or 'disk'}: {error.strerror or error}; nothing was overwritten")
