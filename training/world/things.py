"""The first kinds of things, each drawn in a frame of one unit standing on y = 0.5."""

from __future__ import annotations

from torch import Tensor

from .canvas import Colour, Pen
from .kinds import DARK, GLASS, PALE, SKIN, WOOD, Kind, toned
from .shapes import Box, Circle, Cut, Ellipse, Join, Line, Polygon, star_points


def house(pen: Pen, colour: Tensor) -> None:
    """Draw a cottage: walls of the colour, dark roof."""
    pen.fill(Box(0.24, -0.32, 0.1, 0.24), toned(colour, 0.7))
    pen.fill(Box(0, 0.17, 0.84, 0.66), colour)
    pen.fill(Polygon([(-0.54, -0.1), (-0.3, -0.46), (0.3, -0.46), (0.54, -0.1)]), (0.36, 0.24, 0.22))
    pen.fill(Box(0.02, 0.31, 0.19, 0.38, 0.02), WOOD)
    for x in (-0.26, 0.28):
        pen.fill(Box(x, 0.12, 0.18, 0.2), (1, 0.93, 0.6), glow=True)


def tower(pen: Pen, colour: Tensor) -> None:
    """Draw a castle tower with battlements."""
    pen.fill(Polygon([(-0.24, 0.5), (-0.19, -0.3), (0.19, -0.3), (0.24, 0.5)]), colour)
    teeth = [Box(x, -0.44, 0.12, 0.14) for x in (-0.2, 0.0, 0.2)]
    pen.fill(Join([Box(0, -0.33, 0.52, 0.14), *teeth]), toned(colour, 0.9))
    pen.fill(Join([Box(0, 0.4, 0.15, 0.2), Circle(0, 0.3, 0.075)]), DARK)
    for y in (-0.12, 0.09):
        pen.fill(Box(0, y, 0.08, 0.13, 0.03), (1, 0.9, 0.55), glow=True)


def tree(pen: Pen, colour: Tensor) -> None:
    """Draw a broad tree: crown of the colour."""
    pen.fill(Polygon([(-0.09, 0.5), (-0.05, 0.0), (0.05, 0.0), (0.09, 0.5)]), WOOD)
    crown = [Circle(-0.2, -0.08, 0.2), Circle(0.2, -0.08, 0.2), Circle(0, -0.24, 0.25), Circle(0, 0.0, 0.2)]
    pen.fill(Join(crown), colour, shade=0.4)


def pine(pen: Pen, colour: Tensor) -> None:
    """Draw a fir tree of three tiers."""
    pen.fill(Box(0, 0.42, 0.1, 0.18), WOOD)
    for top, bottom, w in ((0.0, 0.36, 0.36), (-0.26, 0.14, 0.29), (-0.5, -0.1, 0.21)):
        pen.fill(Polygon([(0, top), (w, bottom), (-w, bottom)]), colour, shade=0.3)


def car(pen: Pen, colour: Tensor) -> None:
    """Draw a small car from the side."""
    pen.fill(Polygon([(-0.28, 0.12), (-0.18, -0.12), (0.16, -0.12), (0.3, 0.12)], 0.03), toned(colour, 0.92))
    pen.fill(Polygon([(-0.2, 0.1), (-0.14, -0.07), (-0.02, -0.07), (-0.02, 0.1)]), GLASS)
    pen.fill(Polygon([(0.03, 0.1), (0.03, -0.07), (0.14, -0.07), (0.23, 0.1)]), GLASS)
    pen.fill(Box(0, 0.24, 1.0, 0.27, 0.1), colour)
    pen.fill(Circle(0.45, 0.2, 0.04), (1, 0.95, 0.6), glow=True)
    for x in (-0.27, 0.27):
        pen.fill(Circle(x, 0.37, 0.13), DARK)
        pen.fill(Circle(x, 0.37, 0.06), (0.8, 0.8, 0.82))


def boat(pen: Pen, colour: Tensor) -> None:
    """Draw a sailing boat: hull of the colour, pale sails."""
    pen.fill(Line(0, -0.48, 0, 0.3, 0.035), WOOD)
    pen.fill(Polygon([(0.04, -0.44), (0.4, 0.18), (0.04, 0.18)]), PALE)
    pen.fill(Polygon([(-0.04, -0.32), (-0.04, 0.18), (-0.3, 0.18)]), PALE)
    pen.fill(Polygon([(-0.5, 0.24), (0.5, 0.24), (0.33, 0.5), (-0.33, 0.5)]), colour)


def ball(pen: Pen, colour: Tensor) -> None:
    """Draw a ball with a stripe and a shine."""
    pen.fill(Circle(0, 0.08, 0.42), colour, shade=0.5)
    stripe = Cut(Circle(0, 0.08, 0.41), Ellipse(0, 0.02, 0.5, 0.11, 0.3))
    pen.fill(stripe, PALE, line=0)
    pen.fill(Ellipse(-0.16, -0.14, 0.09, 0.06, -0.6), (1, 1, 1), shade=0, line=0, alpha=0.8)


def apple(pen: Pen, colour: Tensor) -> None:
    """Draw an apple with a stalk and a leaf."""
    pen.fill(Join([Circle(-0.16, 0.1, 0.3), Circle(0.16, 0.1, 0.3), Ellipse(0, 0.24, 0.28, 0.26)]), colour, shade=0.45)
    pen.fill(Line(0, -0.12, 0.05, -0.38, 0.06), WOOD)
    pen.fill(Ellipse(0.21, -0.3, 0.17, 0.08, -0.4), (0.35, 0.7, 0.2))
    pen.fill(Ellipse(-0.22, -0.02, 0.07, 0.1, 0.5), (1, 1, 1), shade=0, line=0, alpha=0.6)


def flower(pen: Pen, colour: Tensor) -> None:
    """Draw a flower: petals of the colour."""
    pen.fill(Line(0, -0.1, 0, 0.5, 0.06), (0.2, 0.55, 0.18))
    pen.fill(Ellipse(0.16, 0.3, 0.16, 0.07, -0.5), (0.25, 0.62, 0.2))
    pen.fill(Ellipse(-0.16, 0.36, 0.16, 0.07, 0.5), (0.25, 0.62, 0.2))
    pen.fill(Join([Circle(x, y, 0.14) for x, y in star_points(0, -0.2, 0.2)[::2]]), colour)
    pen.fill(Circle(0, -0.2, 0.1), (0.98, 0.8, 0.2))


def mushroom(pen: Pen, colour: Tensor) -> None:
    """Draw a toadstool: spotted cap of the colour."""
    pen.fill(Polygon([(-0.14, 0.5), (-0.1, 0.0), (0.1, 0.0), (0.14, 0.5)], 0.02), PALE)
    pen.fill(Cut(Ellipse(0, 0.06, 0.46, 0.46), Box(0, -0.4, 2, 0.95)), colour, shade=0.35)
    for x, y, r in ((-0.22, -0.1, 0.07), (0.04, -0.24, 0.08), (0.26, -0.06, 0.06)):
        pen.fill(Circle(x, y, r), (0.99, 0.97, 0.92), line=0)


def cat(pen: Pen, colour: Tensor) -> None:
    """Draw a sitting cat seen from the front."""
    pen.fill(Line(0.22, 0.42, 0.44, 0.1, 0.1), toned(colour, 0.9))
    pen.fill(Join([Ellipse(0, 0.28, 0.25, 0.24), Ellipse(0, 0.42, 0.28, 0.1)]), colour)
    pen.fill(Polygon([(-0.25, -0.46), (-0.04, -0.28), (-0.26, -0.12)]), colour)
    pen.fill(Polygon([(0.25, -0.46), (0.04, -0.28), (0.26, -0.12)]), colour)
    pen.fill(Ellipse(0, -0.1, 0.28, 0.23), colour)
    for x in (-0.11, 0.11):
        pen.fill(Ellipse(x, -0.12, 0.055, 0.07), (0.85, 0.95, 0.45))
        pen.fill(Ellipse(x, -0.12, 0.02, 0.06), DARK, line=0)
    pen.fill(Polygon([(-0.04, -0.01), (0.04, -0.01), (0, 0.04)]), (0.95, 0.55, 0.6), line=0)


def fish(pen: Pen, colour: Tensor) -> None:
    """Draw a fish from the side."""
    pen.fill(Polygon([(-0.22, 0.05), (-0.5, -0.16), (-0.42, 0.05), (-0.5, 0.26)], 0.02), toned(colour, 0.85))
    pen.fill(Polygon([(-0.08, -0.1), (0.06, -0.34), (0.2, -0.12)], 0.02), toned(colour, 0.85))
    pen.fill(Ellipse(0.1, 0.05, 0.38, 0.22), colour)
    pen.fill(Cut(Ellipse(0.1, 0.05, 0.37, 0.21), Ellipse(0.1, 0.32, 0.5, 0.18)), PALE, line=0, alpha=0.6)
    pen.fill(Circle(0.3, 0.0, 0.065), (1, 1, 1))
    pen.fill(Circle(0.32, 0.0, 0.03), DARK, line=0)


def bird(pen: Pen, colour: Tensor) -> None:
    """Draw a flying bird with raised wings."""
    pen.fill(Polygon([(-0.3, 0.1), (-0.5, -0.02), (-0.48, 0.22)]), toned(colour, 0.8))
    pen.fill(Polygon([(-0.12, 0.0), (-0.32, -0.46), (0.12, -0.02)], 0.02), toned(colour, 0.8))
    pen.fill(Ellipse(0, 0.08, 0.34, 0.17, -0.12), colour)
    pen.fill(Circle(0.3, -0.04, 0.14), colour)
    pen.fill(Polygon([(0.41, -0.08), (0.54, -0.01), (0.41, 0.03)]), (0.98, 0.65, 0.1))
    pen.fill(Circle(0.33, -0.07, 0.03), DARK, line=0)
    pen.fill(Polygon([(-0.06, 0.08), (-0.2, -0.36), (0.16, 0.06)], 0.02), toned(colour, 0.92))


def balloon(pen: Pen, colour: Tensor) -> None:
    """Draw a hot-air balloon: envelope of the colour with a pale stripe."""
    pen.fill(Line(-0.16, 0.12, -0.07, 0.36, 0.02), WOOD, line=0)
    pen.fill(Line(0.16, 0.12, 0.07, 0.36, 0.02), WOOD, line=0)
    envelope = Join([Circle(0, -0.12, 0.37), Polygon([(-0.33, 0.03), (0.33, 0.03), (0.12, 0.26), (-0.12, 0.26)])])
    pen.fill(envelope, colour, shade=0.4)
    pen.fill(Cut(Ellipse(0, -0.1, 0.13, 0.38), envelope), PALE, line=0.6)
    pen.fill(Box(0, 0.42, 0.18, 0.15, 0.03), WOOD)


def kite(pen: Pen, colour: Tensor) -> None:
    """Draw a kite with a tail."""
    pen.fill(Line(0, 0.2, 0.16, 0.5, 0.025), DARK, line=0)
    pen.fill(Polygon([(0, -0.5), (0.3, -0.14), (0, 0.26), (-0.3, -0.14)]), colour)
    pen.fill(Join([Line(0, -0.48, 0, 0.24, 0.03), Line(-0.28, -0.14, 0.28, -0.14, 0.03)]), PALE, line=0)
    for x, y in ((0.07, 0.34), (0.15, 0.46)):
        pen.fill(
            Polygon([(x - 0.08, y - 0.04), (x + 0.08, y + 0.04), (x + 0.08, y - 0.04), (x - 0.08, y + 0.04)]), colour
        )


def star(pen: Pen, colour: Tensor) -> None:
    """Draw a five-pointed star."""
    pen.fill(Polygon(star_points(0, 0, 0.46, inner=0.5), 0.03), colour, shade=0.3)


def heart(pen: Pen, colour: Tensor) -> None:
    """Draw a heart."""
    lobes = [Circle(-0.2, -0.12, 0.24), Circle(0.2, -0.12, 0.24)]
    pen.fill(Join([*lobes, Polygon([(-0.4, 0.02), (0, -0.12), (0.4, 0.02), (0, 0.44)])]), colour, shade=0.4)


def umbrella(pen: Pen, colour: Tensor) -> None:
    """Draw an open umbrella."""
    pen.fill(Line(0, -0.4, 0, 0.44, 0.04), WOOD)
    pen.fill(Line(0, 0.44, 0.12, 0.44, 0.04), WOOD)
    pen.fill(Cut(Circle(0, 0.02, 0.48), Box(0, -0.45, 2, 0.9)), colour, shade=0.35)
    pen.fill(Cut(Ellipse(0, 0.02, 0.17, 0.47), Box(0, -0.45, 2, 0.9)), toned(colour, 1.15), line=0.6)


def cup(pen: Pen, colour: Tensor) -> None:
    """Draw a steaming cup."""
    pen.fill(Cut(Circle(0.3, 0.15, 0.18), Circle(0.3, 0.15, 0.09), keep=False), toned(colour, 0.9))
    pen.fill(Polygon([(-0.34, -0.12), (0.3, -0.12), (0.2, 0.47), (-0.24, 0.47)], 0.03), colour)
    pen.fill(Ellipse(-0.02, -0.12, 0.32, 0.08), (0.4, 0.24, 0.14))
    for x in (-0.12, 0.1):
        pen.fill(Line(x, -0.26, x + 0.05, -0.46, 0.05), (1, 1, 1), shade=0, line=0, alpha=0.6)


def person(pen: Pen, colour: Tensor) -> None:
    """Draw a standing person in clothes of the colour, waving."""
    for x in (-0.09, 0.09):
        pen.fill(Line(x, 0.2, x, 0.46, 0.12), (0.22, 0.24, 0.36))
    pen.fill(Line(-0.12, -0.08, -0.26, 0.16, 0.09), colour)
    pen.fill(Line(0.12, -0.08, 0.3, -0.26, 0.09), colour)
    pen.fill(Circle(-0.27, 0.18, 0.055), SKIN)
    pen.fill(Circle(0.31, -0.29, 0.055), SKIN)
    pen.fill(Box(0, 0.06, 0.34, 0.42, 0.1), colour)
    pen.fill(Circle(0, -0.3, 0.18), SKIN)
    pen.fill(Cut(Circle(0, -0.31, 0.19), Box(0, -0.5, 1, 0.26)), (0.3, 0.18, 0.1), line=0.6)
    for x in (-0.065, 0.065):
        pen.fill(Circle(x, -0.29, 0.022), DARK, line=0)
    pen.fill(Line(-0.05, -0.21, 0.05, -0.21, 0.022), (0.75, 0.25, 0.25), line=0)


def dog(pen: Pen, colour: Tensor) -> None:
    """Draw a dog from the side."""
    pen.fill(Line(-0.34, 0.1, -0.48, -0.12, 0.08), colour)
    for x in (-0.26, -0.14, 0.14, 0.26):
        pen.fill(Line(x, 0.2, x, 0.45, 0.09), toned(colour, 0.85))
    pen.fill(Box(-0.02, 0.13, 0.7, 0.28, 0.13), colour)
    pen.fill(Join([Circle(0.32, -0.14, 0.18), Box(0.45, -0.08, 0.2, 0.14, 0.06)]), colour)
    pen.fill(Ellipse(0.2, -0.12, 0.07, 0.17, 0.2), toned(colour, 0.65))
    pen.fill(Circle(0.36, -0.18, 0.028), DARK, line=0)
    pen.fill(Circle(0.54, -0.11, 0.04), DARK, line=0)


def snowman(pen: Pen, colour: Tensor) -> None:
    """Draw a snowman with hat and scarf of the colour."""
    white: Colour = (0.95, 0.97, 1.0)
    pen.fill(Circle(0, 0.25, 0.25), white)
    pen.fill(Circle(0, -0.1, 0.19), white)
    pen.fill(Join([Box(0, -0.25, 0.42, 0.06, 0.02), Box(0, -0.38, 0.26, 0.24, 0.02)]), colour)
    pen.fill(Join([Box(0, 0.05, 0.34, 0.08, 0.04), Box(0.12, 0.15, 0.09, 0.22, 0.03)]), colour)
    for x in (-0.07, 0.07):
        pen.fill(Circle(x, -0.13, 0.025), DARK, line=0)
    pen.fill(Polygon([(0, -0.09), (0.16, -0.04), (0, -0.03)]), (0.98, 0.5, 0.1), line=0.5)


def tent(pen: Pen, colour: Tensor) -> None:
    """Draw a ridge tent with an open flap."""
    pen.fill(Polygon([(0, -0.3), (0.5, 0.48), (-0.5, 0.48)]), colour, shade=0.35)
    pen.fill(Polygon([(0, -0.12), (0.16, 0.48), (-0.16, 0.48)]), (0.22, 0.18, 0.2))
    pen.fill(Line(0, -0.42, 0, -0.28, 0.03), WOOD, line=0)


def rocket(pen: Pen, colour: Tensor) -> None:
    """Draw a rocket flying up."""
    pen.fill(Polygon([(-0.1, 0.28), (0.1, 0.28), (0, 0.52)]), (1, 0.7, 0.15), glow=True)
    pen.fill(Polygon([(-0.1, 0.02), (-0.3, 0.32), (-0.1, 0.28)]), toned(colour, 0.75))
    pen.fill(Polygon([(0.1, 0.02), (0.3, 0.32), (0.1, 0.28)]), toned(colour, 0.75))
    pen.fill(Join([Box(0, 0.02, 0.3, 0.54, 0.06), Ellipse(0, -0.2, 0.15, 0.3)]), colour)
    pen.fill(Circle(0, -0.1, 0.09), GLASS)


THINGS = (
    Kind("house", ("house", "cottage"), house, 0.5, top=-0.46, large=True, wide=0.9),
    Kind("tower", ("tower", "castle tower"), tower, 0.56, large=True),
    Kind("tree", ("tree",), tree, 0.54, large=True),
    Kind("pine", ("pine", "fir tree"), pine, 0.54, large=True),
    Kind("car", ("car",), car, 0.46, top=-0.12),
    Kind("boat", ("boat", "sailing boat"), boat, 0.46, floats=True),
    Kind("ball", ("ball",), ball, 0.32, floats=True, perches=True, indoors=True),
    Kind("apple", ("apple",), apple, 0.32, perches=True, indoors=True),
    Kind("flower", ("flower",), flower, 0.42),
    Kind("mushroom", ("mushroom", "toadstool"), mushroom, 0.38, top=-0.4),
    Kind("cat", ("cat",), cat, 0.42, perches=True, indoors=True),
    Kind("dog", ("dog",), dog, 0.44, indoors=True),
    Kind("fish", ("fish",), fish, 0.38, floats=True),
    Kind("bird", ("bird",), bird, 0.34, sky=True),
    Kind("balloon", ("balloon", "hot air balloon"), balloon, 0.42, sky=True),
    Kind("kite", ("kite",), kite, 0.36, sky=True),
    Kind("star", ("star",), star, 0.3, sky=True),
    Kind("heart", ("heart",), heart, 0.3, sky=True),
    Kind("rocket", ("rocket",), rocket, 0.44, sky=True),
    Kind("umbrella", ("umbrella",), umbrella, 0.44, floats=True),
    Kind("cup", ("cup", "mug"), cup, 0.34, perches=True, indoors=True),
    Kind("person", ("person",), person, 0.5, indoors=True),
    Kind("snowman", ("snowman",), snowman, 0.48),
    Kind("tent", ("tent",), tent, 0.46),
)
