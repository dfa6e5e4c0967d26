"""``python -m audit`` is the command ``renben``."""

from audit.cli import app

if __name__ == "__main__":
    app()
