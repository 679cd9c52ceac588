"""Pure functions on pictures and masks: PIL and numpy, no torch, no settings.

A mask is "L" or float, and white (255, 1.0) means repaint, everywhere. Lengths are
pixels of the source unless a name says "working" (the size the network runs at) or
"cells" (of the latents).
"""
