"""Networks on Linux."""
