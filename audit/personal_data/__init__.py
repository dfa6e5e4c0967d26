"""Personal data in texts: found by their spelling, and never shown."""
