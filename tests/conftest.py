"""What holds for all tests."""

import os
import signal

from hypothesis import settings

# How long an example takes says nothing on a busy machine.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# No test asks the real hub for anything.
os.environ["HF_ENDPOINT"] = "http://127.0.0.1:9"

# A shell that starts the tests in the background has them ignore Ctrl+C, and so would the commands that they interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
