"""The rules of the game, without network and without window.

Robots move over a field, one step in each round, and stop at the wall. When two meet, both
are hurt. The last one, or the strongest at the end, wins.
"""

DIRECTIONS = {"north": (0, -1), "east": (1, 0), "south": (0, 1), "west": (-1, 0)}
ORDER = list(DIRECTIONS)


class Robot:
    def __init__(self, name, x, y):
        self.name = name
        self.x = x
        self.y = y
        self.direction = "east"
        self.strength = 5

    def turn(self, direction):
        if direction not in DIRECTIONS:
            raise ValueError(f"there is no direction {direction!r}")
        self.direction = direction


class World:
    def __init__(self, width, height):
        self.width = width
        self.height = height
        self.robots = []
        self.rounds = 0

    def add(self, name):
        """Put a robot in, a bit further right and down than the one before."""
        number = len(self.robots)
        x, y = (number * 3 + 1) % self.width, (number * 2 + 1) % self.height
        robot = Robot(name, x, y)
        self.robots.append(robot)
        return robot

    def alive(self):
        return [robot for robot in self.robots if robot.strength > 0]

    def step(self):
        """Move all robots; yield each that ran into something, and into what."""
        self.rounds += 1
        for robot in self.alive():
            dx, dy = DIRECTIONS[robot.direction]
            x, y = robot.x + dx, robot.y + dy
            others = [other for other in self.alive() if (other.x, other.y) == (x, y)]
            if not (0 <= x < self.width and 0 <= y < self.height):
                yield robot, "the wall"
            elif others:
                for one, other in (robot, others[0]), (others[0], robot):
                    one.strength -= 1
                    yield one, other.name
            else:
                robot.x, robot.y = x, y

    def winner(self):
        """Return who has won, or nobody if it is a draw."""
        strongest = max((robot.strength for robot in self.robots), default=0)
        best = [robot.name for robot in self.robots if robot.strength == strongest]
        return best[0] if len(best) == 1 else None

    def picture(self):
        """Return the lines of the field; each robot is the first letter of its name."""
        letters = {(robot.x, robot.y): robot.name[0] for robot in self.alive()}
        return [
            "".join(letters.get((x, y), ".") for x in range(self.width))
            for y in range(self.height)
        ]
