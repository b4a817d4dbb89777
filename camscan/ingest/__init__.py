"""Evidence from elsewhere, one source per file: each yields the same attempts as a live scan."""
