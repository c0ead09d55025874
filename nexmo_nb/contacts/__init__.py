"""Phone numbers: read as people write them, or refused."""
