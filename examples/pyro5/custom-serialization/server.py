"""Takes and returns objects of mycustomclasses.py. Start it, then client.py."""

import Pyro5.api
from mycustomclasses import Parcel, dict_to_parcel, parcel_to_dict

Pyro5.api.register_class_to_dict(Parcel, parcel_to_dict)
Pyro5.api.register_dict_to_class("example-parcel", dict_to_parcel)


@Pyro5.api.expose
class Office:
    def forward(self, parcel):
        print("forward", parcel)
        return Parcel(999)

    def forward_all(self, parcels):
        print("forward all of", parcels)
        return {"forwarded": parcels}


Pyro5.api.serve({Office: "example.office"}, use_ns=False)
