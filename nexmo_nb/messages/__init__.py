"""The Messages API, by which SMS travel where an account wants it; other channels would be built on its request."""
