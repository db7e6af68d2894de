"""A remote control: play, pause, next, back, loud, soft, a title, or nothing to end it."""

import Pyro4

player = Pyro4.Proxy("PYRONAME:example.player")
print("songs:", ", ".join(player.songs))
keys = {
    "play": player.play,
    "pause": player.pause,
    "next": player.skip,
    "back": lambda: player.skip(-1),
    "loud": lambda: setattr(player, "volume", player.volume + 30),
    "soft": lambda: setattr(player, "volume", player.volume - 30),
}
while key := input("> ").strip():
    try:
        keys.get(key, lambda title=key: player.play(title))()
    except ValueError:
        print("there is no such song")
    print(f"{player.current or 'silence'}, at {player.volume} %")
