"""Upscalers: networks that enlarge pictures."""
