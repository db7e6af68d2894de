"""A server to try clients with."""
