"""Servers and gateways to be run, and Flame."""
