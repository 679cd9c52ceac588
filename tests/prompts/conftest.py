"""Random prompts are judged by what they give, not by how fast the machine of the day is."""

from hypothesis import settings

settings.register_profile("prompts", deadline=None)
settings.load_profile("prompts")
