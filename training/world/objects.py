"""Buildings, plants, vehicles, furniture, food and toys, each drawn in a frame of one unit standing on y = 0.5."""

from __future__ import annotations

import math

from torch import Tensor

from .canvas import Colour, Pen
from .kinds import DARK, GLASS, PALE, WOOD, Kind, toned
from .shapes import Box, Circle, Cut, Ellipse, Join, Line, Polygon

LAMP: Colour = (1, 0.93, 0.6)
STONE: Colour = (0.72, 0.7, 0.68)
LEAF: Colour = (0.25, 0.58, 0.22)


def windmill(pen: Pen, colour: Tensor) -> None:
    """Draw a windmill: its tower of the colour."""
    pen.fill(Polygon([(-0.2, 0.5), (-0.12, -0.14), (0.12, -0.14), (0.2, 0.5)]), colour, shade=0.35)
    pen.fill(Join([Cut(Circle(0, -0.14, 0.15), Box(0, -0.3, 1, 0.32)), Box(0, -0.14, 0.3, 0.04, 0.01)]), (0.45, 0.25, 0.2))
    pen.fill(Join([Box(0, 0.41, 0.11, 0.18), Circle(0, 0.32, 0.055)]), WOOD)
    for y in (0.02, 0.18):
        pen.fill(Box(0, y, 0.075, 0.09, 0.02), LAMP, line=0.7, glow=True)
    for k in range(4):
        a = math.pi / 2 * k + 0.5
        c, s = math.cos(a), math.sin(a)
        x, y = 0.22 * c - 0.045 * s, -0.16 + 0.22 * s + 0.045 * c
        pen.fill(Line(0, -0.16, 0.4 * c, -0.16 + 0.4 * s, 0.02), WOOD, line=0.5)
        pen.fill(Box(x + 0.05 * c, y + 0.05 * s, 0.25, 0.085, 0.0, a), PALE, line=0.6)
    pen.fill(Circle(0, -0.16, 0.035), WOOD, line=0.6)


def lighthouse(pen: Pen, colour: Tensor) -> None:
    """Draw a lighthouse with bands of the colour and a shining lamp."""
    pen.fill(Ellipse(0, 0.48, 0.3, 0.06), STONE)
    tower = Polygon([(-0.15, 0.48), (-0.09, -0.22), (0.09, -0.22), (0.15, 0.48)])
    pen.fill(tower, (0.97, 0.96, 0.93), shade=0.3)
    for y in (-0.13, 0.13, 0.38):
        pen.fill(Cut(Box(0, y, 0.6, 0.125), tower), colour, shade=0.1, line=0)
    pen.fill(Box(0, -0.235, 0.26, 0.035, 0.01), DARK, line=0)
    pen.fill(Circle(0, -0.315, 0.17), (1, 0.95, 0.7), shade=0, line=0, alpha=0.45, glow=True, soft=0.14)
    pen.fill(Box(0, -0.31, 0.14, 0.12), (1, 0.95, 0.62), glow=True)
    pen.fill(Polygon([(-0.1, -0.37), (0.1, -0.37), (0, -0.49)], 0.005), colour)
    pen.fill(Box(0, 0.42, 0.08, 0.14, 0.03), WOOD, line=0.7)
    for y in (0.02, 0.24):
        pen.fill(Circle(0, y, 0.027), (0.35, 0.5, 0.65), line=0.5)


def church(pen: Pen, colour: Tensor) -> None:
    """Draw a village church: walls of the colour."""
    pen.fill(Box(0.14, 0.27, 0.6, 0.46), colour, shade=0.3)
    pen.fill(Polygon([(-0.18, 0.05), (-0.1, -0.14), (0.38, -0.14), (0.48, 0.05)]), (0.42, 0.26, 0.26))
    pen.fill(Box(-0.24, 0.12, 0.26, 0.76), colour, shade=0.3)
    pen.fill(Polygon([(-0.4, -0.26), (-0.24, -0.5), (-0.08, -0.26)]), (0.36, 0.22, 0.24))
    pen.fill(Join([Line(-0.24, -0.5, -0.24, -0.62, 0.02), Line(-0.28, -0.575, -0.2, -0.575, 0.02)]), (0.9, 0.75, 0.3), line=0)
    pen.fill(Circle(-0.24, -0.14, 0.07), PALE, line=0.6)
    pen.fill(Join([Line(-0.24, -0.14, -0.24, -0.19, 0.014), Line(-0.24, -0.14, -0.2, -0.13, 0.014)]), DARK, line=0)
    pen.fill(Join([Box(-0.24, 0.4, 0.13, 0.2), Circle(-0.24, 0.3, 0.065)]), WOOD)
    for x in (0.02, 0.18, 0.34):
        pen.fill(Join([Box(x, 0.28, 0.08, 0.16), Circle(x, 0.2, 0.04)]), LAMP, line=0.7, glow=True)


def castle(pen: Pen, colour: Tensor) -> None:
    """Draw a castle with three towers."""
    for x, y, w in ((-0.34, -0.08, 0.22), (0.34, -0.08, 0.22), (0.0, -0.2, 0.28)):
        pen.fill(Box(x, (y + 0.5) / 2, w, 0.5 - y), toned(colour, 0.92), shade=0.3)
        pen.fill(Polygon([(x - w * 0.62, y), (x, y - w * 1.15), (x + w * 0.62, y)]), (0.33, 0.28, 0.42))
        pen.fill(Join([Box(x, y + 0.13, 0.055, 0.08), Circle(x, y + 0.09, 0.0275)]), LAMP, line=0.6, glow=True)
    teeth = [Box(-0.3 + 0.12 * k, 0.13, 0.07, 0.08) for k in range(6)]
    pen.fill(Join([Box(0, 0.33, 0.76, 0.34), *teeth]), colour, shade=0.25)
    pen.fill(Join([Box(0, 0.42, 0.17, 0.16), Circle(0, 0.34, 0.085)]), (0.28, 0.18, 0.12))
    pen.fill(Line(0, -0.52, 0, -0.64, 0.014), DARK, line=0)
    pen.fill(Polygon([(0.005, -0.64), (0.12, -0.605), (0.005, -0.57)]), toned(colour, 0.8), line=0.5)


def palm(pen: Pen, colour: Tensor) -> None:
    """Draw a palm tree, its leaves of the colour."""
    trunk = [Line(0.02, 0.48, -0.03, 0.2, 0.09), Line(-0.03, 0.2, -0.02, -0.05, 0.075), Line(-0.02, -0.05, 0.03, -0.26, 0.065)]
    pen.fill(Join(trunk), (0.6, 0.42, 0.24))
    for y, x in ((0.38, 0.005), (0.27, -0.015), (0.16, -0.03), (0.05, -0.025), (-0.06, -0.015)):
        pen.fill(Line(x - 0.035, y, x + 0.035, y - 0.015, 0.014), (0.42, 0.28, 0.15), shade=0, line=0)
    for x, y, a, tone in ((-0.2, -0.27, 0.35, 0.75), (0.25, -0.27, -0.3, 0.75), (-0.24, -0.15, -0.5, 0.9), (0.28, -0.14, 0.5, 0.9), (-0.1, -0.38, 0.95, 1.0), (0.15, -0.38, -0.95, 1.0)):
        pen.fill(Cut(Ellipse(x, y, 0.25, 0.075, a), Ellipse(x, y + 0.11, 0.26, 0.08, a), keep=False), toned(colour, tone), shade=0.3)
    pen.fill(Join([Circle(0.0, -0.22, 0.045), Circle(0.07, -0.2, 0.045)]), WOOD, line=0.7)


def cactus(pen: Pen, colour: Tensor) -> None:
    """Draw a cactus with two arms and a blossom."""
    arms = [Line(0, 0.2, -0.24, 0.2, 0.13), Line(-0.24, 0.2, -0.24, -0.06, 0.13), Line(0, 0.05, 0.23, 0.05, 0.12), Line(0.23, 0.05, 0.23, -0.2, 0.12)]
    pen.fill(Join([Line(0, 0.48, 0, -0.28, 0.22), *arms]), colour, shade=0.4)
    for x, y0, y1 in ((-0.05, 0.42, -0.26), (0.04, 0.44, -0.28), (-0.25, 0.14, -0.05), (0.22, 0.0, -0.18)):
        pen.fill(Line(x, y0, x, y1, 0.014), toned(colour, 0.7), shade=0, line=0)
    pen.fill(Join([Circle(0.04 * k, -0.4 + 0.012 * k * k, 0.04) for k in (-1, 0, 1)]), (0.97, 0.45, 0.62), line=0.6)


def bus(pen: Pen, colour: Tensor) -> None:
    """Draw a bus from the side."""
    pen.fill(Box(0, 0.06, 1.04, 0.6, 0.09), colour, shade=0.28)
    pen.fill(Box(0.02, 0.24, 1.04, 0.04), PALE, line=0)
    for k in range(4):
        pen.fill(Box(-0.38 + 0.2 * k, -0.05, 0.165, 0.2, 0.03), GLASS, line=0.8)
    pen.fill(Box(0.43, 0.02, 0.13, 0.34, 0.03), GLASS, line=0.8)
    pen.fill(Circle(0.49, 0.26, 0.035), LAMP, line=0.6, glow=True)
    for x in (-0.29, 0.29):
        pen.fill(Circle(x, 0.38, 0.12), DARK)
        pen.fill(Circle(x, 0.38, 0.055), (0.78, 0.78, 0.8))


def truck(pen: Pen, colour: Tensor) -> None:
    """Draw a lorry: cab and cargo box of the colour."""
    pen.fill(Box(0.02, 0.29, 1.0, 0.09, 0.02), (0.28, 0.28, 0.3))
    pen.fill(Box(-0.17, 0.02, 0.68, 0.5, 0.03), toned(colour, 1.18), shade=0.28)
    pen.fill(Box(-0.17, 0.02, 0.5, 0.12, 0.02), PALE, line=0)
    pen.fill(Polygon([(0.22, 0.3), (0.22, -0.12), (0.38, -0.12), (0.5, 0.08), (0.5, 0.3)], 0.015), colour)
    pen.fill(Polygon([(0.28, 0.07), (0.28, -0.07), (0.36, -0.07), (0.44, 0.07)]), GLASS, line=0.8)
    pen.fill(Circle(0.49, 0.2, 0.033), LAMP, line=0.6, glow=True)
    for x in (-0.33, -0.08, 0.34):
        pen.fill(Circle(x, 0.39, 0.11), DARK)
        pen.fill(Circle(x, 0.39, 0.05), (0.78, 0.78, 0.8))


def train(pen: Pen, colour: Tensor) -> None:
    """Draw a steam locomotive."""
    for x, y, r in ((0.2, -0.5, 0.09), (0.06, -0.58, 0.11), (-0.12, -0.62, 0.09)):
        pen.fill(Circle(x, y, r), (0.96, 0.96, 0.97), shade=0.25, line=0, alpha=0.85, soft=0.05)
    pen.fill(Box(0.02, 0.3, 0.98, 0.08, 0.02), (0.25, 0.25, 0.28))
    pen.fill(Polygon([(0.26, -0.16), (0.2, -0.4), (0.4, -0.4), (0.34, -0.16)], 0.01), (0.25, 0.25, 0.28))
    pen.fill(Cut(Circle(0.04, -0.12, 0.1), Box(0.04, -0.2, 1, 0.2)), (0.93, 0.75, 0.25), line=0.7)
    pen.fill(Box(0.17, 0.06, 0.6, 0.38, 0.1), colour, shade=0.5)
    for x in (0.1, 0.28):
        pen.fill(Box(x, 0.06, 0.03, 0.38), (0.93, 0.75, 0.25), line=0)
    pen.fill(Box(-0.3, -0.05, 0.38, 0.62, 0.02), toned(colour, 0.85), shade=0.3)
    pen.fill(Box(-0.3, -0.14, 0.22, 0.2, 0.02), LAMP, line=0.8, glow=True)
    pen.fill(Box(-0.3, -0.37, 0.48, 0.07, 0.02), (0.3, 0.2, 0.2))
    pen.fill(Circle(0.47, -0.04, 0.05), LAMP, line=0.7, glow=True)
    pen.fill(Polygon([(0.44, 0.34), (0.6, 0.47), (0.4, 0.47)]), (0.75, 0.2, 0.18))
    for x, r in ((-0.33, 0.14), (-0.04, 0.14), (0.24, 0.105), (0.42, 0.08)):
        pen.fill(Circle(x, 0.5 - r, r), (0.2, 0.2, 0.22))
        pen.fill(Circle(x, 0.5 - r, r * 0.62), (0.75, 0.2, 0.18), line=0.5)
        pen.fill(Circle(x, 0.5 - r, r * 0.2), (0.9, 0.88, 0.85), line=0)
    pen.fill(Line(-0.33, 0.38, 0.24, 0.4, 0.03), (0.8, 0.8, 0.82), line=0.5)


def bicycle(pen: Pen, colour: Tensor) -> None:
    """Draw a bicycle, its frame of the colour."""
    for x in (-0.3, 0.3):
        pen.fill(Cut(Circle(x, 0.28, 0.215), Circle(x, 0.28, 0.165), keep=False), DARK, shade=0, line=0)
        spokes = [Line(x - 0.17 * math.cos(a), 0.28 - 0.17 * math.sin(a), x + 0.17 * math.cos(a), 0.28 + 0.17 * math.sin(a), 0.01) for a in (0.3, 1.35, 2.4)]
        pen.fill(Join(spokes), (0.7, 0.7, 0.72), shade=0, line=0)
    bars = ((-0.3, 0.28, -0.12, 0.0), (-0.12, 0.0, 0.2, -0.02), (-0.04, 0.28, 0.2, -0.02), (-0.04, 0.28, -0.15, -0.1), (-0.3, 0.28, -0.04, 0.28), (0.3, 0.28, 0.17, -0.16))
    pen.fill(Join([Line(a, b, c, d, 0.062) for a, b, c, d in bars]), colour, line=0.7)
    pen.fill(Join([Line(0.17, -0.16, 0.12, -0.2, 0.04), Line(0.17, -0.16, 0.28, -0.2, 0.04)]), DARK, line=0)
    pen.fill(Ellipse(-0.17, -0.13, 0.11, 0.04, 0.1), (0.4, 0.22, 0.14))
    pen.fill(Circle(-0.04, 0.28, 0.055), (0.75, 0.75, 0.78), line=0.7)


def plane(pen: Pen, colour: Tensor) -> None:
    """Draw a small aeroplane flying to the right."""
    pen.fill(Polygon([(-0.3, -0.02), (-0.48, -0.27), (-0.36, -0.27), (-0.16, -0.04)], 0.015), toned(colour, 0.8))
    pen.fill(Polygon([(0.1, 0.0), (-0.06, -0.2), (0.04, -0.2), (0.24, 0.0)], 0.012), toned(colour, 0.7))
    pen.fill(Polygon([(-0.48, -0.03), (0.3, -0.12), (0.46, -0.02), (0.46, 0.06), (0.28, 0.13), (-0.3, 0.1)], 0.03), colour, shade=0.4)
    pen.fill(Join([Box(x, -0.02, 0.06, 0.065, 0.02) for x in (-0.14, -0.03, 0.08)]), GLASS, line=0.6)
    pen.fill(Polygon([(0.22, -0.09), (0.3, -0.1), (0.4, -0.02), (0.24, -0.01)], 0.01), GLASS, line=0.7)
    pen.fill(Polygon([(0.12, 0.06), (-0.12, 0.34), (-0.24, 0.34), (-0.08, 0.05)], 0.015), toned(colour, 0.88))
    pen.fill(Ellipse(0.53, 0.02, 0.018, 0.17), (0.85, 0.85, 0.88), shade=0, line=0, alpha=0.7)
    pen.fill(Circle(0.51, 0.02, 0.035), DARK, line=0)


def ufo(pen: Pen, colour: Tensor) -> None:
    """Draw a flying saucer of the colour."""
    pen.fill(Polygon([(-0.2, 0.12), (0.2, 0.12), (0.32, 0.5), (-0.32, 0.5)]), (1, 1, 0.75), shade=0.6, line=0, alpha=0.28, glow=True)
    pen.fill(Cut(Circle(0, -0.04, 0.22), Box(0, -0.2, 1, 0.4)), GLASS, alpha=0.92)
    pen.fill(Circle(0, -0.09, 0.075), (0.5, 0.78, 0.35), line=0.6)
    for x in (-0.03, 0.03):
        pen.fill(Ellipse(x, -0.1, 0.016, 0.024), DARK, line=0)
    pen.fill(Ellipse(0, 0.06, 0.5, 0.14), colour, shade=0.45)
    pen.fill(Ellipse(0, 0.02, 0.3, 0.06), toned(colour, 1.3), line=0.5)
    for x, y in ((-0.32, 0.08), (-0.11, 0.13), (0.11, 0.13), (0.32, 0.08)):
        pen.fill(Circle(x, y, 0.035), LAMP, line=0.5, glow=True)


def cloud(pen: Pen, colour: Tensor) -> None:
    """Draw a cloud of the colour."""
    parts = [Circle(-0.26, 0.06, 0.16), Circle(-0.06, -0.08, 0.2), Circle(0.16, -0.02, 0.17), Circle(0.32, 0.08, 0.13), Box(0.02, 0.14, 0.74, 0.16, 0.08)]
    pen.fill(Join(parts), colour, shade=0.3, line=0.8)
    pen.fill(Cut(Circle(-0.06, -0.08, 0.15), Circle(-0.03, -0.04, 0.14), keep=False), toned(colour, 1.3), shade=0, line=0)


def chair(pen: Pen, colour: Tensor) -> None:
    """Draw a wooden chair with a cushion of the colour."""
    pen.fill(Join([Line(-0.17, 0.18, -0.18, 0.48, 0.05), Line(0.25, 0.18, 0.26, 0.48, 0.05)]), toned(colour, 0.6))
    pen.fill(Join([Line(-0.24, -0.46, -0.26, 0.48, 0.06), Line(0.17, -0.46, 0.17, 0.48, 0.06)]), toned(colour, 0.8))
    for y in (-0.38, -0.22, -0.06):
        pen.fill(Box(-0.035, y, 0.42, 0.085, 0.02), colour, line=0.8)
    pen.fill(Polygon([(-0.3, 0.2), (-0.22, 0.08), (0.3, 0.08), (0.24, 0.2)], 0.02), colour, shade=0.3)


def table(pen: Pen, colour: Tensor) -> None:
    """Draw a table of the colour."""
    for x in (-0.4, 0.4):
        pen.fill(Polygon([(x - 0.04, 0.06), (x + 0.04, 0.06), (x + 0.025, 0.5), (x - 0.025, 0.5)]), toned(colour, 0.8))
    for x in (-0.28, 0.28):
        pen.fill(Polygon([(x - 0.03, 0.06), (x + 0.03, 0.06), (x + 0.02, 0.42), (x - 0.02, 0.42)]), toned(colour, 0.58), line=0.8)
    pen.fill(Box(0, 0.1, 0.9, 0.1, 0.01), toned(colour, 0.75))
    pen.fill(Polygon([(-0.52, 0.06), (-0.42, -0.06), (0.42, -0.06), (0.52, 0.06)], 0.015), colour, shade=0.3)


def lamp(pen: Pen, colour: Tensor) -> None:
    """Draw a standing lamp with a shade of the colour, lit."""
    pen.fill(Circle(0, -0.12, 0.44), (1, 0.92, 0.6), shade=0, line=0, alpha=0.3, glow=True, soft=0.4)
    pen.fill(Line(0, -0.1, 0, 0.46, 0.034), WOOD)
    pen.fill(Ellipse(0, 0.47, 0.16, 0.04), WOOD)
    pen.fill(Ellipse(0, -0.08, 0.13, 0.05), (1, 0.96, 0.75), line=0, glow=True)
    pen.fill(Polygon([(-0.13, -0.44), (0.13, -0.44), (0.24, -0.1), (-0.24, -0.1)], 0.01), colour, shade=0.3)
    pen.fill(Line(-0.23, -0.115, 0.23, -0.115, 0.022), toned(colour, 0.65), line=0)


def sofa(pen: Pen, colour: Tensor) -> None:
    """Draw a sofa with two cushions."""
    for x in (-0.38, 0.38):
        pen.fill(Box(x, 0.46, 0.06, 0.1), WOOD)
    pen.fill(Box(0, 0.04, 0.9, 0.46, 0.12), toned(colour, 0.85), shade=0.3)
    for x in (-0.18, 0.18):
        pen.fill(Box(x, 0.25, 0.37, 0.17, 0.05), colour)
    pen.fill(Box(0, 0.37, 0.8, 0.13, 0.03), toned(colour, 0.78))
    for x in (-0.43, 0.43):
        pen.fill(Box(x, 0.26, 0.17, 0.36, 0.08), colour, shade=0.3)
    for x, a in ((-0.22, 0.2), (0.22, -0.2)):
        pen.fill(Box(x, 0.08, 0.2, 0.2, 0.05, a), PALE, line=0.7)


def bed(pen: Pen, colour: Tensor) -> None:
    """Draw a bed with a blanket of the colour."""
    for x, y in ((-0.46, -0.14), (0.46, 0.1)):
        pen.fill(Box(x, (y + 0.5) / 2, 0.08, 0.5 - y, 0.03), WOOD)
    pen.fill(Box(0, 0.33, 0.86, 0.14, 0.02), (0.55, 0.35, 0.2))
    pen.fill(Box(0, 0.2, 0.86, 0.2, 0.06), (0.96, 0.95, 0.93))
    pen.fill(Polygon([(-0.16, 0.1), (0.42, 0.1), (0.42, 0.38), (-0.2, 0.38)], 0.025), colour, shade=0.3)
    pen.fill(Polygon([(-0.17, 0.1), (-0.08, 0.1), (-0.11, 0.37), (-0.2, 0.37)], 0.02), toned(colour, 1.3), line=0.5)
    pen.fill(Box(-0.3, 0.06, 0.24, 0.13, 0.06, -0.15), (0.99, 0.98, 0.96))


def cake(pen: Pen, colour: Tensor) -> None:
    """Draw a cake with icing of the colour and candles."""
    pen.fill(Ellipse(0, 0.45, 0.46, 0.055), (0.92, 0.92, 0.94))
    pen.fill(Join([Box(0, 0.27, 0.74, 0.28), Ellipse(0, 0.41, 0.37, 0.05)]), (0.9, 0.68, 0.42))
    pen.fill(Box(0, 0.3, 0.74, 0.05), PALE, line=0)
    drops = [Line(-0.32 + 0.107 * k, 0.14, -0.32 + 0.107 * k, 0.17 + 0.05 * (k % 2), 0.1) for k in range(7)]
    pen.fill(Join([Ellipse(0, 0.11, 0.38, 0.08), *drops]), colour, shade=0.35)
    for x in (-0.2, 0.0, 0.2):
        pen.fill(Box(x, 0.0, 0.045, 0.2, 0.01), (0.97, 0.97, 1.0), line=0.6)
        pen.fill(Circle(x, -0.18, 0.1), (1, 0.8, 0.3), shade=0, line=0, alpha=0.4, glow=True, soft=0.09)
        pen.fill(Join([Circle(x, -0.14, 0.032), Polygon([(x - 0.028, -0.15), (x + 0.028, -0.15), (x, -0.24)])]), (1, 0.82, 0.25), shade=0, line=0, glow=True)


def pear(pen: Pen, colour: Tensor) -> None:
    """Draw a pear with a leaf."""
    neck = Polygon([(-0.13, -0.16), (0.13, -0.16), (0.26, 0.2), (-0.26, 0.2)])
    pen.fill(Join([Circle(0, 0.22, 0.28), Circle(0, -0.16, 0.15), neck]), colour, shade=0.45)
    pen.fill(Line(0, -0.28, 0.04, -0.44, 0.05), WOOD)
    pen.fill(Ellipse(0.17, -0.38, 0.15, 0.06, -0.3), LEAF)
    pen.fill(Ellipse(-0.13, 0.08, 0.05, 0.12, 0.3), (1, 1, 1), shade=0, line=0, alpha=0.5)


def ice_cream(pen: Pen, colour: Tensor) -> None:
    """Draw a cone with scoops of the colour."""
    pen.fill(Polygon([(-0.2, 0.02), (0.2, 0.02), (0.02, 0.49), (-0.02, 0.49)], 0.01), (0.88, 0.62, 0.32))
    for k in (-1, 0, 1):
        pen.fill(Line(0.11 * k - 0.06, 0.06, 0.02 + 0.04 * k, 0.36, 0.012), (0.66, 0.42, 0.2), shade=0, line=0)
    pen.fill(Join([Circle(0, -0.06, 0.23), *[Circle(x, 0.08, 0.065) for x in (-0.17, -0.06, 0.06, 0.17)]]), colour, shade=0.4)
    pen.fill(Circle(0, -0.26, 0.17), toned(colour, 1.3), shade=0.4)
    pen.fill(Circle(0.02, -0.44, 0.055), (0.86, 0.1, 0.18), line=0.7)


def gift(pen: Pen, colour: Tensor) -> None:
    """Draw a wrapped box with a bow."""
    pen.fill(Box(0, 0.24, 0.72, 0.52, 0.02), colour, shade=0.3)
    pen.fill(Box(0, 0.0, 0.8, 0.16, 0.02), toned(colour, 0.88))
    pen.fill(Box(0, 0.21, 0.13, 0.58), PALE, line=0.6)
    for side in (-1, 1):
        pen.fill(Cut(Ellipse(side * 0.16, -0.19, 0.18, 0.1, 0.5 * side), Ellipse(side * 0.17, -0.19, 0.09, 0.045, 0.5 * side), keep=False), PALE)
    pen.fill(Circle(0, -0.13, 0.065), PALE)


def lantern(pen: Pen, colour: Tensor) -> None:
    """Draw a street lamp, lit, of the colour."""
    pen.fill(Circle(0, -0.3, 0.36), (1, 0.9, 0.55), shade=0, line=0, alpha=0.35, glow=True, soft=0.34)
    pen.fill(Join([Box(0, 0.15, 0.05, 0.68), Box(0, 0.46, 0.2, 0.08, 0.02), Box(0, 0.36, 0.11, 0.14, 0.02), Box(0, -0.16, 0.14, 0.035, 0.01)]), colour, line=0.8)
    pen.fill(Polygon([(-0.1, -0.39), (0.1, -0.39), (0.06, -0.19), (-0.06, -0.19)]), (1, 0.94, 0.62), glow=True)
    pen.fill(Polygon([(-0.14, -0.38), (0.14, -0.38), (0, -0.5)], 0.01), colour)


def bench(pen: Pen, colour: Tensor) -> None:
    """Draw a park bench of the colour."""
    pen.fill(Join([Line(x, 0.12, x + 0.03 * s, 0.48, 0.05) for x, s in ((-0.38, -1), (0.38, 1))]), (0.25, 0.25, 0.28))
    for y in (-0.14, -0.02):
        pen.fill(Box(0, y, 0.98, 0.085, 0.02), colour, line=0.8)
    pen.fill(Join([Line(x, -0.2, x, 0.14, 0.04) for x in (-0.38, 0.38)]), (0.25, 0.25, 0.28), line=0.6)
    pen.fill(Polygon([(-0.52, 0.18), (-0.46, 0.1), (0.46, 0.1), (0.52, 0.18)], 0.02), colour, shade=0.3)


THINGS = (
    Kind("windmill", ("windmill", "mill"), windmill, 0.62, large=True, wide=0.6),
    Kind("lighthouse", ("lighthouse",), lighthouse, 0.64, large=True, wide=0.7),
    Kind("church", ("church", "chapel"), church, 0.6, large=True, wide=1.1),
    Kind("castle", ("castle",), castle, 0.66, large=True, wide=1.1),
    Kind("palm", ("palm tree", "palm"), palm, 0.58, large=True, wide=0.6),
    Kind("cactus", ("cactus",), cactus, 0.46, wide=0.6),
    Kind("bus", ("bus",), bus, 0.52, top=-0.24, wide=1.1),
    Kind("truck", ("truck", "lorry"), truck, 0.52, top=-0.23, wide=1.1),
    Kind("train", ("train", "steam train", "locomotive"), train, 0.56, large=True, wide=1.1),
    Kind("bicycle", ("bicycle", "bike"), bicycle, 0.42),
    Kind("plane", ("plane", "aeroplane"), plane, 0.44, sky=True),
    Kind("ufo", ("flying saucer", "ufo"), ufo, 0.38, sky=True),
    Kind("cloud", ("cloud",), cloud, 0.38, sky=True),
    Kind("chair", ("chair",), chair, 0.44, top=0.12, indoors=True, wide=0.7),
    Kind("table", ("table",), table, 0.5, top=-0.02, indoors=True, wide=1.1),
    Kind("lamp", ("lamp", "floor lamp"), lamp, 0.5, indoors=True, outdoors=False, wide=0.5),
    Kind("sofa", ("sofa", "couch"), sofa, 0.54, top=0.2, indoors=True, outdoors=False, wide=1.1),
    Kind("bed", ("bed",), bed, 0.58, top=0.12, indoors=True, outdoors=False, wide=1.1),
    Kind("cake", ("cake", "birthday cake"), cake, 0.34, perches=True, indoors=True),
    Kind("pear", ("pear",), pear, 0.3, perches=True, indoors=True, wide=0.6),
    Kind("ice cream", ("ice cream", "ice cream cone"), ice_cream, 0.34, perches=True, indoors=True, wide=0.4),
    Kind("gift", ("gift", "present", "gift box"), gift, 0.32, top=-0.08, perches=True, indoors=True),
    Kind("lantern", ("street lamp", "lamp post"), lantern, 0.56, wide=0.5),
    Kind("bench", ("bench", "park bench"), bench, 0.48, top=0.14, wide=1.1),
)
