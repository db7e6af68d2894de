"""What runs programs written for something older."""
