"""CLIP's byte-pair tokenizer over the `tokenizers` library, without torch and transformers."""

from functools import cache
from pathlib import Path
from typing import Any, cast

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE

SHARED = Path(__file__).parent / "builtin" / "tokenizer"
_START, _END = "<|startoftext|>", "<|endoftext|>"
_WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


class ClipTokenizer:
    """Text to token ids, without start and end marks and without a limit.

    Examples
    --------
    >>> ClipTokenizer(SHARED)("a red circle, bigger")
    [320, 736, 7117, 267, 6806]
    """

    def __init__(self, folder: Path) -> None:
        model = cast(Any, BPE).from_file(
            str(folder / "vocab.json"),
            str(folder / "merges.txt"),
            continuing_subword_prefix="",
            end_of_word_suffix="</w>",
            unk_token=_END,
        )
        tokenizer = Tokenizer(cast(BPE, model))
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
        )
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        cast(Any, tokenizer).add_special_tokens([_START, _END])
        self._tokenizer = tokenizer
        self.start_id = self._id(_START)
        self.end_id = self._id(_END)
        self.comma_id = self._id(",</w>")

    def __call__(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def _id(self, token: str) -> int:
        found = self._tokenizer.token_to_id(token)
        assert found is not None, f"the vocabulary has no {token}"
        return found


@cache
def clip_tokenizer(folder: Path = SHARED) -> ClipTokenizer:
    """Return the tokenizer of a folder with `vocab.json` and `merges.txt`; read once."""
    return ClipTokenizer(folder)


def tokenizer_of(model: Path) -> ClipTokenizer:
    """Return a model's own tokenizer where it is a folder that has one, else CLIP's."""
    own = model / "tokenizer"
    return clip_tokenizer(own if (own / "vocab.json").is_file() and (own / "merges.txt").is_file() else SHARED)
