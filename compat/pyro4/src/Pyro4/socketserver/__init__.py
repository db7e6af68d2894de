"""The transports: where clients of a daemon come in, and who serves them."""
