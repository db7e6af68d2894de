def start_ns():
    pass


def start_ns_loop():
    pass
