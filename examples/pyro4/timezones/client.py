"""Sends a time of day in Kathmandu, with several serializers."""

from datetime import datetime, timedelta, timezone

import Pyro4

uri = input("uri? ").strip()
nepal = timezone(timedelta(hours=5, minutes=45), "NPT")
noon = datetime(2024, 2, 29, 12, tzinfo=nepal)

for serializer in ("serpent", "json", "pickle"):
    clock = Pyro4.Proxy(uri)
    clock._pyroSerializer = serializer
    moment = clock.echo(noon)
    if isinstance(moment, str):
        print(f"{serializer}: the text", moment)
        moment = datetime.fromisoformat(moment)
    else:
        print(f"{serializer}: a {type(moment).__name__} in", moment.tzname())
    print("   the same moment:", moment == noon)
