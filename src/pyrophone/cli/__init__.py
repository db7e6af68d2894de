"""The command ``pyrophone``."""
