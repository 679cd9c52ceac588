"""What holds for all tests."""

import os

from hypothesis import settings

# How long an example takes says nothing on a busy machine.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# No test asks the real hub for anything.
os.environ["HF_ENDPOINT"] = "http://127.0.0.1:9"
