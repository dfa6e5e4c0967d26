"""The entry of the command ``renben``, and of ``python -m audit``."""

import os
import signal


def main() -> None:
    """Run the command; an interrupt while it is still being imported ends it without a traceback."""
    try:
        from audit.cli import app
    except KeyboardInterrupt:
        os._exit(128 + signal.SIGINT)
    app()


if __name__ == "__main__":
    main()
