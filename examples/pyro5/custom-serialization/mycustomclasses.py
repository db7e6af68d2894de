"""A class that the serializers don't know, and what turns it into a dict and back."""


class Parcel:
    def __init__(self, number):
        self.number = number

    def __repr__(self):
        return f"<Parcel {self.number}>"


def parcel_to_dict(parcel):
    """Return what travels in place of *parcel*; the class is named by a word of ours."""
    print("  (packing", parcel, "into a dict)")
    return {"__class__": "example-parcel", "number": parcel.number}


def dict_to_parcel(classname, values):
    print(f"  (making a Parcel of {classname} with number {values['number']})")
    return Parcel(values["number"])
