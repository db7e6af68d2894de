"""What comes along to try clients with."""
