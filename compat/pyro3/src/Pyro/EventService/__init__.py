"""Events: those who publish them, those who listen, and the service between them."""
