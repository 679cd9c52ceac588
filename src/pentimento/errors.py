"""Every error that Pentimento raises on purpose.

    PentimentoError
    ├── RequestError            a field of the request cannot be taken as it is
    │   └── ImageError          a picture cannot be read or used
    ├── ModelError              a model cannot be found, read or used
    │   ├── ModelNotFoundError
    │   ├── ModelFileError      missing, truncated, foreign or pickled file
    │   └── DownloadError       a model cannot be fetched
    ├── RecipeError             a result cannot be run again; says what is missing
    ├── OutOfMemoryError        one job needs more memory than there is
    └── Cancelled               somebody asked to stop

The text of an error is one sentence that names the field, the value and the way
out; library, command line, API and page all show the same sentence.
"""

from collections.abc import Sequence
from difflib import get_close_matches

_MOST_LISTED = 40
"""Choices above which a list would hide the one that was meant."""


class PentimentoError(Exception):
    """Base of all errors of this package."""


class RequestError(PentimentoError):
    """A field of the request cannot be taken as it is.

    Parameters
    ----------
    field : name of the field in `Request`
    value : what was given
    message : what is wrong with it and the way out, one sentence
    choices : what would have been accepted, if that is a list of names
    """

    def __init__(self, field: str, value: object, message: str, choices: Sequence[str] = ()) -> None:
        self.field = field
        self.value = value
        self.message = message
        self.choices = tuple(choices)
        super().__init__(f"{field}: {message}")


class ImageError(RequestError):
    """A picture cannot be read or used."""


class ModelError(PentimentoError):
    """A model cannot be found, read or used."""


class ModelNotFoundError(ModelError):
    """No model of that name is in the model folders."""


class ModelFileError(ModelError):
    """A model file is missing, truncated, foreign or of a refused kind."""


class DownloadError(ModelError):
    """A model cannot be fetched; what has arrived is kept unless the text says otherwise."""


class RecipeError(PentimentoError):
    """A result cannot be run again; the text says what is missing."""


class OutOfMemoryError(PentimentoError):
    """One job needs more memory than there is; the text says what to change."""


class Cancelled(PentimentoError):
    """Somebody asked to stop; nothing was written."""


def unknown_name(field: str, value: str, choices: Sequence[str]) -> RequestError:
    """Build the error for a name that is not in a table, with the nearest one.

    Examples
    --------
    >>> str(unknown_name("sampler", "eulr", ["euler", "heun"]))
    "sampler: 'eulr' is not known; did you mean 'euler'? Choices: euler, heun"
    """
    known = {choice.lower(): choice for choice in choices}
    listed = ", ".join(choices) or "none"
    if not (near := get_close_matches(value.lower(), known, n=1)):
        return RequestError(field, value, f"'{value}' is not known; choices: {listed}", choices)
    hint = f"did you mean '{known[near[0]]}'?" + (f" Choices: {listed}" if len(choices) <= _MOST_LISTED else "")
    return RequestError(field, value, f"'{value}' is not known; {hint}", choices)
