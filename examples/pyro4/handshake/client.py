"""Tries several secrets, and looks at how it is welcomed."""

import Pyro4


class PoliteProxy(Pyro4.Proxy):
    def _pyroValidateHandshake(self, response):
        print("welcomed with", response)
        if "Zoe" in response:
            raise ValueError("we do not go there")


uri = input("uri? ").strip()
for secret, name in (("hello", "Eva"), ("open sesame", "Eva"), ("open sesame", "Zoe")):
    with PoliteProxy(uri) as bar:
        bar._pyroHandshake = {"secret": secret, "name": name}
        try:
            print(name, "gets", bar.drink())
        except Pyro4.errors.CommunicationError as error:
            print("not let in:", "that is not the word" in str(error))
        except ValueError as error:
            print("not wanted:", error)
