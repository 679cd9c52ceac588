"""Animals and people, each drawn in a frame of one unit standing on y = 0.5."""

from __future__ import annotations

from torch import Tensor

from .canvas import Colour, Pen
from .kinds import DARK, PALE, SKIN, WOOD, Kind, toned
from .shapes import Box, Circle, Cut, Ellipse, Join, Line, Polygon

BLUSH: Colour = (0.95, 0.55, 0.5)
BEAK: Colour = (0.98, 0.62, 0.12)
HAIR: Colour = (0.3, 0.18, 0.1)
GOLD: Colour = (0.96, 0.77, 0.2)


def eyes(pen: Pen, x: float, y: float, apart: float, r: float = 0.024) -> None:
    """Draw two dark eyes with a glint."""
    for side in (-1, 1):
        pen.fill(Circle(x + side * apart, y, r), DARK, shade=0, line=0)
        pen.fill(Circle(x + side * apart - r * 0.3, y - r * 0.35, r * 0.36), (1, 1, 1), shade=0, line=0)


def hand(pen: Pen, x: float, y: float, way: float) -> None:
    """Draw a hand with four fingers and a thumb; `way` is -1 if it is raised, 1 if it hangs."""
    fingers = [Line(x + k * 0.022, y, x + k * 0.031, y + way * 0.062, 0.021) for k in (-1.5, -0.5, 0.5, 1.5)]
    pen.fill(Join([Circle(x, y, 0.044), Line(x, y, x - 0.062, y + way * 0.012, 0.022), *fingers]), SKIN, line=0.5)


def face(pen: Pen, y: float, r: float) -> None:
    """Draw a head in the middle with eyes, cheeks, nose and a smile."""
    pen.fill(Join([Circle(-r, y + 0.02, 0.03), Circle(r, y + 0.02, 0.03)]), SKIN, line=0.6)
    pen.fill(Circle(0, y, r), SKIN, shade=0.3)
    for side in (-1, 1):
        pen.fill(Circle(side * r * 0.58, y + r * 0.36, r * 0.2), BLUSH, shade=0, line=0, alpha=0.5)
    eyes(pen, 0, y - r * 0.02, r * 0.38, r * 0.13)
    pen.fill(Circle(0.004, y + r * 0.22, r * 0.09), (0.9, 0.66, 0.52), shade=0, line=0)
    smile = Cut(Circle(0, y + r * 0.36, r * 0.3), Box(0, y + r * 0.6, 1, r * 0.4))
    pen.fill(smile, (0.72, 0.2, 0.22), shade=0, line=0)


def woman(pen: Pen, colour: Tensor) -> None:
    """Draw a woman in a long dress of the colour, one hand raised."""
    pen.fill(Join([Ellipse(0, -0.27, 0.17, 0.18), Box(0, -0.14, 0.3, 0.24, 0.09)]), HAIR)
    for x in (-0.06, 0.06):
        pen.fill(Ellipse(x, 0.485, 0.055, 0.025), DARK, line=0.5)
    pen.fill(Line(0.09, -0.06, 0.25, -0.2, 0.065), SKIN, line=0.7)
    hand(pen, 0.27, -0.23, -1)
    dress = [(-0.09, -0.11), (0.09, -0.11), (0.08, 0.06), (0.23, 0.46), (-0.23, 0.46), (-0.08, 0.06)]
    pen.fill(Polygon(dress, 0.015), colour, shade=0.35)
    pen.fill(Polygon([(-0.23, 0.44), (0.23, 0.44), (0.24, 0.475), (-0.24, 0.475)]), toned(colour, 1.25), line=0.5)
    pen.fill(Box(0, 0.055, 0.18, 0.035, 0.01), toned(colour, 0.6), line=0.4)
    pen.fill(Line(-0.1, -0.06, -0.2, 0.14, 0.065), SKIN, line=0.7)
    hand(pen, -0.21, 0.17, 1)
    face(pen, -0.27, 0.125)
    pen.fill(Cut(Circle(0, -0.275, 0.135), Polygon([(-0.2, -0.5), (0.2, -0.5), (0.2, -0.3), (-0.02, -0.36), (-0.2, -0.24)])), HAIR, line=0.6)


def man(pen: Pen, colour: Tensor) -> None:
    """Draw a man in a coat of the colour with a hat, waving."""
    for x in (-0.07, 0.07):
        pen.fill(Line(x, 0.22, x, 0.44, 0.1), (0.24, 0.25, 0.34))
        pen.fill(Ellipse(x + 0.015, 0.475, 0.075, 0.03), DARK, line=0.5)
    pen.fill(Line(0.13, -0.06, 0.28, -0.2, 0.085), colour)
    hand(pen, 0.3, -0.25, -1)
    pen.fill(Polygon([(-0.13, -0.08), (0.13, -0.08), (0.17, 0.3), (-0.17, 0.3)], 0.025), colour, shade=0.32)
    pen.fill(Line(0, -0.05, 0, 0.3, 0.014), toned(colour, 0.55), line=0)
    for y in (0.03, 0.12, 0.21):
        pen.fill(Circle(0.03, y, 0.014), PALE, line=0)
    pen.fill(Polygon([(-0.06, -0.1), (0.06, -0.1), (0, -0.01)]), PALE, line=0.4)
    pen.fill(Line(-0.14, -0.05, -0.22, 0.18, 0.085), colour)
    hand(pen, -0.23, 0.22, 1)
    face(pen, -0.24, 0.13)
    pen.fill(Box(0, -0.325, 0.38, 0.045, 0.02), toned(colour, 0.6))
    pen.fill(Polygon([(-0.115, -0.34), (-0.095, -0.47), (0.095, -0.47), (0.115, -0.34)], 0.01), toned(colour, 0.68))


def girl(pen: Pen, colour: Tensor) -> None:
    """Draw a girl with pigtails in a frock of the colour, arms wide."""
    for x in (-0.06, 0.06):
        pen.fill(Line(x, 0.3, x, 0.44, 0.055), SKIN, line=0.7)
        pen.fill(Ellipse(x + 0.01, 0.475, 0.055, 0.03), (0.75, 0.15, 0.2), line=0.6)
    for side in (-1, 1):
        pen.fill(Line(side * 0.1, 0.02, side * 0.27, -0.02, 0.06), SKIN, line=0.7)
        hand(pen, side * 0.3, -0.04, -1)
        pen.fill(Ellipse(side * 0.2, -0.2, 0.055, 0.11, -0.35 * side), (0.62, 0.34, 0.12), line=0.7)
        pen.fill(Circle(side * 0.165, -0.29, 0.03), colour, line=0.5)
    pen.fill(Polygon([(-0.09, -0.03), (0.09, -0.03), (0.22, 0.31), (-0.22, 0.31)], 0.02), colour, shade=0.35)
    for x in (-0.14, -0.05, 0.05, 0.14):
        pen.fill(Circle(x, 0.27, 0.018), PALE, line=0)
    face(pen, -0.22, 0.15)
    pen.fill(Cut(Circle(0, -0.225, 0.16), Polygon([(-0.2, -0.5), (0.2, -0.5), (0.2, -0.26), (0, -0.33), (-0.2, -0.26)])), (0.62, 0.34, 0.12), line=0.6)


def king(pen: Pen, colour: Tensor) -> None:
    """Draw a king with crown and beard in a robe of the colour."""
    robe = [(-0.13, -0.08), (0.13, -0.08), (0.25, 0.48), (-0.25, 0.48)]
    pen.fill(Polygon(robe, 0.02), colour, shade=0.35)
    pen.fill(Polygon([(-0.05, -0.08), (0.05, -0.08), (0.075, 0.49), (-0.075, 0.49)]), (0.97, 0.95, 0.9), line=0.5)
    for y in (0.12, 0.24, 0.36):
        pen.fill(Ellipse(0.02 if y == 0.24 else -0.02, y, 0.011, 0.022), DARK, line=0)
    pen.fill(Line(0.29, -0.3, 0.29, 0.46, 0.026), GOLD, line=0.7)
    pen.fill(Circle(0.29, -0.33, 0.045), GOLD, line=0.7)
    for side in (-1, 1):
        pen.fill(Line(side * 0.14, -0.03, side * 0.25, 0.12, 0.095), toned(colour, 0.88))
        hand(pen, side * 0.275, 0.14, -1)
    face(pen, -0.23, 0.13)
    beard = Cut(Circle(0, -0.2, 0.135), Box(0, -0.08, 1, 0.16))
    pen.fill(beard, (0.9, 0.9, 0.88), line=0.6)
    pen.fill(Box(0, -0.155, 0.07, 0.02, 0.01), (0.72, 0.2, 0.22), line=0)
    crown = [(-0.13, -0.32), (-0.15, -0.47), (-0.07, -0.39), (0, -0.49), (0.07, -0.39), (0.15, -0.47), (0.13, -0.32)]
    pen.fill(Polygon(crown), GOLD)
    pen.fill(Circle(0, -0.365, 0.022), (0.85, 0.12, 0.2), line=0.4)


def horse(pen: Pen, colour: Tensor) -> None:
    """Draw a horse from the side."""
    pen.fill(Polygon([(-0.34, -0.04), (-0.5, 0.08), (-0.46, 0.34), (-0.38, 0.12)], 0.015), toned(colour, 0.55))
    for x, tone in ((-0.2, 0.7), (0.14, 0.7), (-0.29, 1.0), (0.22, 1.0)):
        pen.fill(Polygon([(x - 0.05, 0.1), (x + 0.05, 0.1), (x + 0.03, 0.44), (x - 0.03, 0.44)], 0.01), toned(colour, tone), line=0.8)
        pen.fill(Box(x + 0.005, 0.465, 0.09, 0.07, 0.015), DARK, line=0)
    pen.fill(Join([Ellipse(-0.04, 0.06, 0.34, 0.155), Polygon([(0.1, 0.05), (0.16, -0.3), (0.36, -0.32), (0.28, 0.1)], 0.02)]), colour, shade=0.35)
    pen.fill(Polygon([(0.17, -0.08), (0.1, -0.05), (0.12, -0.38), (0.24, -0.45), (0.2, -0.3)], 0.015), toned(colour, 0.55))
    pen.fill(Polygon([(0.18, -0.4), (0.34, -0.4), (0.52, -0.2), (0.46, -0.12), (0.24, -0.22)], 0.03), colour)
    pen.fill(Polygon([(0.2, -0.4), (0.22, -0.5), (0.28, -0.41)]), colour, line=0.7)
    pen.fill(Ellipse(0.47, -0.17, 0.05, 0.045, 0.7), toned(colour, 0.75), line=0)
    pen.fill(Circle(0.32, -0.33, 0.024), DARK, line=0)
    pen.fill(Circle(0.312, -0.338, 0.009), (1, 1, 1), shade=0, line=0)


def cow(pen: Pen, colour: Tensor) -> None:
    """Draw a spotted cow from the side."""
    pen.fill(Line(-0.36, -0.02, -0.43, 0.26, 0.03), toned(colour, 0.8))
    pen.fill(Circle(-0.43, 0.28, 0.04), DARK, line=0)
    for x, tone in ((-0.18, 0.75), (0.13, 0.75), (-0.28, 1.0), (0.22, 1.0)):
        pen.fill(Box(x, 0.3, 0.095, 0.38, 0.02), toned(colour, tone), line=0.8)
        pen.fill(Box(x, 0.465, 0.1, 0.07, 0.01), DARK, line=0)
    pen.fill(Ellipse(0.0, 0.22, 0.1, 0.07), (0.96, 0.7, 0.7), line=0.6)
    body = Box(-0.02, 0.05, 0.74, 0.36, 0.14)
    pen.fill(body, colour, shade=0.32)
    for x, y, rx, ry in ((-0.2, 0.0, 0.13, 0.1), (0.1, 0.1, 0.1, 0.08), (-0.02, -0.12, 0.08, 0.05)):
        pen.fill(Cut(Ellipse(x, y, rx, ry, 0.4), body), PALE, line=0, alpha=0.85)
    for side, tilt in ((0.24, 0.5), (0.46, -0.5)):
        pen.fill(Ellipse(side, -0.22, 0.075, 0.035, tilt), toned(colour, 0.8), line=0.7)
        pen.fill(Line(side + (0.03 if side < 0.3 else -0.03), -0.3, side, -0.38, 0.03), PALE, line=0.6)
    pen.fill(Box(0.35, -0.16, 0.2, 0.28, 0.09), colour)
    pen.fill(Box(0.35, -0.05, 0.22, 0.13, 0.06), (0.96, 0.74, 0.7), line=0.7)
    for x in (0.31, 0.39):
        pen.fill(Circle(x, -0.05, 0.016), (0.5, 0.25, 0.25), line=0)
    eyes(pen, 0.35, -0.18, 0.05, 0.024)


def sheep(pen: Pen, colour: Tensor) -> None:
    """Draw a woolly sheep, its wool of the colour."""
    for x in (-0.22, -0.1, 0.1, 0.2):
        pen.fill(Box(x, 0.38, 0.06, 0.22, 0.02), (0.22, 0.2, 0.22), line=0.6)
    wool = [Circle(-0.3 + 0.12 * k, 0.08 + 0.05 * (-1) ** k, 0.15) for k in range(6)]
    wool += [Circle(-0.2 + 0.13 * k, -0.03, 0.13) for k in range(4)] + [Ellipse(0, 0.15, 0.33, 0.15)]
    pen.fill(Join(wool), colour, shade=0.4)
    for x, y in ((-0.2, 0.1), (-0.05, 0.02), (0.08, 0.14), (-0.12, 0.2)):
        pen.fill(Cut(Circle(x, y, 0.06), Circle(x - 0.01, y - 0.018, 0.055), keep=False), toned(colour, 0.7), shade=0, line=0)
    pen.fill(Ellipse(0.27, -0.12, 0.07, 0.032, 0.4), (0.25, 0.22, 0.24), line=0.5)
    pen.fill(Ellipse(0.47, -0.12, 0.07, 0.032, -0.4), (0.25, 0.22, 0.24), line=0.5)
    pen.fill(Ellipse(0.37, -0.04, 0.1, 0.145), (0.3, 0.26, 0.28))
    pen.fill(Join([Circle(0.32, -0.17, 0.06), Circle(0.4, -0.19, 0.07)]), colour, line=0.7)
    for x in (0.33, 0.41):
        pen.fill(Circle(x, -0.06, 0.026), (1, 1, 1), line=0)
        pen.fill(Circle(x + 0.004, -0.056, 0.014), DARK, line=0)


def rabbit(pen: Pen, colour: Tensor) -> None:
    """Draw a sitting rabbit seen from the front."""
    for side in (-1, 1):
        pen.fill(Ellipse(side * 0.1, -0.33, 0.065, 0.19, 0.16 * side), colour)
        pen.fill(Ellipse(side * 0.1, -0.32, 0.034, 0.14, 0.16 * side), (0.98, 0.72, 0.74), line=0)
    pen.fill(Ellipse(0, 0.26, 0.23, 0.23), colour, shade=0.35)
    pen.fill(Ellipse(0, 0.3, 0.13, 0.16), PALE, line=0)
    for side in (-1, 1):
        pen.fill(Ellipse(side * 0.15, 0.45, 0.1, 0.05), colour, line=0.8)
        pen.fill(Ellipse(side * 0.08, 0.24, 0.045, 0.09, -0.3 * side), toned(colour, 0.9), line=0.7)
    pen.fill(Ellipse(0, -0.06, 0.2, 0.17), colour)
    for side in (-1, 1):
        pen.fill(Circle(side * 0.06, 0.02, 0.06), PALE, line=0)
    eyes(pen, 0, -0.08, 0.09, 0.03)
    pen.fill(Polygon([(-0.03, -0.02), (0.03, -0.02), (0, 0.02)]), (0.95, 0.5, 0.55), line=0)
    pen.fill(Box(0, 0.085, 0.045, 0.05, 0.01), (1, 1, 1), line=0.4)


def duck(pen: Pen, colour: Tensor) -> None:
    """Draw a swimming duck."""
    pen.fill(Polygon([(-0.3, 0.18), (-0.5, 0.02), (-0.42, 0.28)], 0.02), toned(colour, 0.85))
    pen.fill(Cut(Ellipse(-0.05, 0.22, 0.4, 0.26), Box(0, 0.2, 2, 0.56)), colour, shade=0.35)
    pen.fill(Join([Circle(0.24, -0.14, 0.17), Polygon([(0.1, -0.12), (0.36, -0.08), (0.34, 0.2), (0.04, 0.2)])]), colour)
    pen.fill(Ellipse(-0.1, 0.19, 0.22, 0.13, 0.15), toned(colour, 0.82))
    pen.fill(Join([Ellipse(-0.2, 0.22, 0.12, 0.05, 0.4), Ellipse(-0.12, 0.26, 0.12, 0.04, 0.3)]), toned(colour, 0.7), line=0)
    pen.fill(Polygon([(0.37, -0.18), (0.54, -0.1), (0.5, -0.05), (0.37, -0.06)], 0.015), BEAK)
    pen.fill(Circle(0.28, -0.19, 0.03), DARK, line=0)
    pen.fill(Circle(0.27, -0.2, 0.011), (1, 1, 1), shade=0, line=0)


def butterfly(pen: Pen, colour: Tensor) -> None:
    """Draw a butterfly with spotted wings."""
    for side in (-1, 1):
        pen.fill(Ellipse(side * 0.2, 0.18, 0.17, 0.2, -0.5 * side), toned(colour, 0.82), shade=0.3)
        pen.fill(Ellipse(side * 0.25, -0.14, 0.25, 0.19, -0.6 * side), colour, shade=0.3)
        pen.fill(Ellipse(side * 0.28, -0.17, 0.12, 0.09, -0.6 * side), toned(colour, 1.35), line=0)
        pen.fill(Circle(side * 0.22, 0.2, 0.06), PALE, line=0)
        pen.fill(Line(side * 0.02, -0.26, side * 0.1, -0.42, 0.018), DARK, line=0)
        pen.fill(Circle(side * 0.1, -0.42, 0.022), DARK, line=0)
    pen.fill(Join([Ellipse(0, 0.02, 0.045, 0.3), Circle(0, -0.27, 0.055)]), (0.2, 0.15, 0.16))


def penguin(pen: Pen, colour: Tensor) -> None:
    """Draw a penguin, its coat of the colour."""
    for side in (-1, 1):
        pen.fill(Ellipse(side * 0.1, 0.46, 0.1, 0.04), BEAK)
        pen.fill(Ellipse(side * 0.27, 0.1, 0.065, 0.22, 0.35 * -side), toned(colour, 0.85))
    pen.fill(Join([Ellipse(0, 0.16, 0.26, 0.32), Circle(0, -0.25, 0.19)]), colour, shade=0.35)
    pen.fill(Join([Ellipse(0, 0.2, 0.19, 0.25), Circle(-0.07, -0.21, 0.09), Circle(0.07, -0.21, 0.09)]), (0.98, 0.97, 0.95), line=0.5)
    eyes(pen, 0, -0.25, 0.07, 0.026)
    pen.fill(Polygon([(-0.05, -0.2), (0.05, -0.2), (0, -0.12)]), BEAK, line=0.7)


def elephant(pen: Pen, colour: Tensor) -> None:
    """Draw an elephant from the side."""
    pen.fill(Line(-0.4, 0.0, -0.47, 0.2, 0.03), toned(colour, 0.8))
    for x, tone in ((-0.15, 0.75), (0.12, 0.75), (-0.27, 1.0), (0.2, 1.0)):
        pen.fill(Box(x, 0.33, 0.14, 0.34, 0.04), toned(colour, tone), line=0.8)
        pen.fill(Join([Ellipse(x - 0.04, 0.48, 0.02, 0.018), Ellipse(x + 0.02, 0.48, 0.02, 0.018)]), PALE, line=0)
    pen.fill(Ellipse(-0.06, 0.05, 0.36, 0.27), colour, shade=0.35)
    trunk = [Line(0.4, -0.1, 0.46, 0.2, 0.1), Line(0.46, 0.2, 0.42, 0.36, 0.08), Line(0.42, 0.36, 0.5, 0.42, 0.065)]
    pen.fill(Join([Circle(0.28, -0.12, 0.2), *trunk]), colour)
    pen.fill(Polygon([(0.36, 0.05), (0.5, 0.16), (0.53, 0.1), (0.42, 0.0)], 0.008), PALE, line=0.6)
    pen.fill(Ellipse(0.13, -0.06, 0.15, 0.21, 0.2), toned(colour, 0.86))
    pen.fill(Ellipse(0.14, -0.05, 0.1, 0.15, 0.2), (0.95, 0.7, 0.7), line=0, alpha=0.6)
    pen.fill(Circle(0.35, -0.17, 0.026), DARK, line=0)
    pen.fill(Circle(0.342, -0.178, 0.009), (1, 1, 1), shade=0, line=0)


def owl(pen: Pen, colour: Tensor) -> None:
    """Draw an owl on its feet."""
    for side in (-1, 1):
        pen.fill(Polygon([(side * 0.05, -0.34), (side * 0.25, -0.48), (side * 0.24, -0.22)], 0.01), colour)
        pen.fill(Ellipse(side * 0.09, 0.47, 0.07, 0.035), BEAK, line=0.6)
    pen.fill(Join([Ellipse(0, 0.16, 0.27, 0.32), Ellipse(0, -0.18, 0.26, 0.21)]), colour, shade=0.35)
    pen.fill(Ellipse(0, 0.22, 0.17, 0.23), toned(colour, 1.4), line=0)
    for y, xs in ((0.12, (-0.08, 0.0, 0.08)), (0.22, (-0.04, 0.04)), (0.32, (-0.08, 0.0, 0.08))):
        pen.fill(Join([Circle(x, y, 0.024) for x in xs]), toned(colour, 0.7), shade=0, line=0)
    for side in (-1, 1):
        pen.fill(Ellipse(side * 0.26, 0.14, 0.075, 0.24, 0.2 * side), toned(colour, 0.75))
        pen.fill(Circle(side * 0.11, -0.18, 0.11), (0.99, 0.95, 0.8), line=0.7)
        pen.fill(Circle(side * 0.1, -0.18, 0.06), (0.98, 0.72, 0.12), line=0.4)
        pen.fill(Circle(side * 0.1, -0.18, 0.036), DARK, shade=0, line=0)
        pen.fill(Circle(side * 0.1 - 0.014, -0.195, 0.014), (1, 1, 1), shade=0, line=0)
    pen.fill(Polygon([(-0.035, -0.12), (0.035, -0.12), (0, -0.04)]), BEAK, line=0.6)


def snail(pen: Pen, colour: Tensor) -> None:
    """Draw a snail, its shell of the colour."""
    flesh: Colour = (0.86, 0.72, 0.5)
    pen.fill(Join([Line(-0.44, 0.44, 0.3, 0.42, 0.13), Line(0.3, 0.42, 0.36, 0.14, 0.13), Circle(0.37, 0.12, 0.09)]), flesh)
    for x in (0.36, 0.46):
        pen.fill(Line(x - 0.02, 0.1, x + 0.02, -0.1, 0.028), flesh, line=0.6)
        pen.fill(Circle(x + 0.02, -0.12, 0.034), DARK, line=0)
    pen.fill(Circle(-0.08, 0.12, 0.3), colour, shade=0.45)
    for r, x, y in ((0.22, -0.06, 0.13), (0.14, -0.08, 0.15), (0.065, -0.07, 0.14)):
        pen.fill(Cut(Circle(x, y, r), Circle(x + 0.012, y + 0.012, r - 0.035), keep=False), toned(colour, 0.62), line=0)
    pen.fill(Cut(Circle(0.4, 0.15, 0.035), Box(0.4, 0.18, 0.1, 0.05)), (0.6, 0.3, 0.25), shade=0, line=0)


def frog(pen: Pen, colour: Tensor) -> None:
    """Draw a sitting frog seen from the front."""
    for side in (-1, 1):
        pen.fill(Ellipse(side * 0.27, 0.3, 0.15, 0.17, 0.3 * side), toned(colour, 0.85))
        pen.fill(Ellipse(side * 0.3, 0.47, 0.14, 0.04), toned(colour, 0.9), line=0.7)
    pen.fill(Join([Ellipse(0, 0.22, 0.26, 0.25), Ellipse(0, 0.0, 0.3, 0.18)]), colour, shade=0.35)
    pen.fill(Ellipse(0, 0.3, 0.17, 0.15), toned(colour, 1.5), line=0)
    for side in (-1, 1):
        pen.fill(Line(side * 0.12, 0.28, side * 0.12, 0.44, 0.07), colour, line=0.7)
        pen.fill(Ellipse(side * 0.12, 0.47, 0.08, 0.03), colour, line=0.7)
        pen.fill(Circle(side * 0.17, -0.15, 0.11), colour)
        pen.fill(Circle(side * 0.17, -0.16, 0.075), (0.99, 0.97, 0.85), line=0.5)
        pen.fill(Circle(side * 0.16, -0.16, 0.038), DARK, shade=0, line=0)
        pen.fill(Circle(side * 0.22, 0.05, 0.04), BLUSH, shade=0, line=0, alpha=0.5)
    pen.fill(Cut(Ellipse(0, 0.02, 0.17, 0.08), Box(0, 0.08, 1, 0.1)), (0.45, 0.12, 0.15), shade=0, line=0.4)


def bear(pen: Pen, colour: Tensor) -> None:
    """Draw a sitting bear."""
    for side in (-1, 1):
        pen.fill(Circle(side * 0.19, -0.36, 0.09), colour)
        pen.fill(Circle(side * 0.19, -0.355, 0.05), (0.95, 0.72, 0.66), line=0)
        pen.fill(Ellipse(side * 0.25, 0.14, 0.08, 0.17, 0.5 * -side), toned(colour, 0.88))
    pen.fill(Ellipse(0, 0.2, 0.26, 0.27), colour, shade=0.35)
    pen.fill(Ellipse(0, 0.23, 0.16, 0.18), toned(colour, 1.4), line=0)
    for side in (-1, 1):
        pen.fill(Circle(side * 0.2, 0.4, 0.11), toned(colour, 0.95))
        pen.fill(Circle(side * 0.2, 0.41, 0.06), (0.95, 0.78, 0.68), line=0)
    pen.fill(Circle(0, -0.2, 0.23), colour)
    pen.fill(Ellipse(0, -0.13, 0.12, 0.09), PALE, line=0.5)
    pen.fill(Ellipse(0, -0.17, 0.045, 0.03), DARK, line=0)
    pen.fill(Line(0, -0.15, 0, -0.1, 0.014), WOOD, line=0)
    eyes(pen, 0, -0.25, 0.09, 0.028)


THINGS = (
    Kind("woman", ("woman", "lady"), woman, 0.52, indoors=True, wide=0.6),
    Kind("man", ("man", "gentleman"), man, 0.52, indoors=True, wide=0.6),
    Kind("girl", ("girl",), girl, 0.46, indoors=True, wide=0.6),
    Kind("king", ("king",), king, 0.52, indoors=True, wide=0.6),
    Kind("horse", ("horse", "pony"), horse, 0.5),
    Kind("cow", ("cow",), cow, 0.5),
    Kind("sheep", ("sheep",), sheep, 0.42),
    Kind("rabbit", ("rabbit", "bunny"), rabbit, 0.36, perches=True, indoors=True, wide=0.6),
    Kind("duck", ("duck",), duck, 0.36, floats=True),
    Kind("butterfly", ("butterfly",), butterfly, 0.26, sky=True),
    Kind("penguin", ("penguin",), penguin, 0.4, wide=0.6),
    Kind("elephant", ("elephant",), elephant, 0.54, large=True),
    Kind("owl", ("owl",), owl, 0.34, perches=True, wide=0.6),
    Kind("snail", ("snail",), snail, 0.3, perches=True),
    Kind("frog", ("frog",), frog, 0.32, perches=True, floats=True),
    Kind("bear", ("bear", "teddy bear"), bear, 0.42, perches=True, indoors=True, wide=0.7),
)
