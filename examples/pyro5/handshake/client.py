"""Ask the doorkeeper of server.py to be let in."""

import Pyro5.api
import Pyro5.errors


class Guest(Pyro5.api.Proxy):
    def _pyroValidateHandshake(self, response):
        """Look at what the server answered; what is raised here refuses the server."""
        print("the doorkeeper says:", response)
        if response[0] != "welcome":
            raise ValueError("not polite enough")


uri = input("URI of the club: ").strip()
password = input("Password: ").strip()
with Guest(uri) as club:
    club._pyroHandshake = {"name": "Grete", "password": password}
    try:
        club._pyroBind()
        print("connected; the rules are", club.rules())
    except Pyro5.errors.CommunicationError as error:
        print("not let in:", str(error).partition("rejected: ")[2])
