"""The only place that knows weights: what models there are, how they are read, and their parts.

Importing this package does not import torch; `loading` and the families do.
"""
