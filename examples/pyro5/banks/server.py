"""Serves the two banks of banks.py. Start names, this, then client.py."""

import Pyro5.api
from banks import CarefulBank, GenerousBank

Pyro5.api.serve(
    {CarefulBank: "example.bank.careful", GenerousBank: "example.bank.generous"}
)
