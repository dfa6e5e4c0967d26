"""The entry of the command ``renben``, and of ``python -m audit``."""

import io
import os
import signal
import sys


def main() -> None:
    """Run the command; an interrupt while it is still being imported ends it without a traceback."""
    try:
        from audit.cli import app
    except KeyboardInterrupt:
        os._exit(128 + signal.SIGINT)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Unicode must not end an audit
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    app()


if __name__ == "__main__":
    main()
