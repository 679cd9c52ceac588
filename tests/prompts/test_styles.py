import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentimento.errors import RequestError
from pentimento.prompts import Style, apply_styles, find_styles, read_styles

TEXTS = st.text(alphabet='ab ,"\n{}é', max_size=12)
STYLES = st.builds(Style, st.text(alphabet="xyz-", min_size=1, max_size=5), TEXTS, TEXTS)


@given(st.lists(STYLES, unique_by=lambda style: style.name))
def test_a_table_is_read_as_it_was_written(styles):
    table = io.StringIO(newline="")
    rows = [(style.name, style.prompt, style.negative_prompt) for style in styles]
    csv.writer(table).writerows([("name", "prompt", "negative_prompt"), *rows])
    assert list(read_styles(table.getvalue()).values()) == styles


def test_a1111s_table_with_byte_order_mark_and_missing_columns():
    table = '\ufeffname,prompt\nink,"ink, {prompt}"\n,lost\nplain,\n'
    assert read_styles(table) == {"ink": Style("ink", "ink, {prompt}"), "plain": Style("plain")}


@pytest.mark.parametrize("table", ["a,b\n1,2\n", "name,prompt\n" + "x" * 200_000])
def test_what_is_no_table_of_styles_is_refused(table):
    with pytest.raises(RequestError, match="styles: "):
        read_styles(table)


@pytest.mark.parametrize(
    ("text", "styles", "applied"),
    [
        ("a cat", [], "a cat"),
        (" a cat ", ["warm light "], "a cat, warm light"),
        ("", ["warm light"], "warm light"),
        ("a cat", [""], "a cat"),
        ("a cat", ["oil, {prompt}, {prompt}"], "oil, a cat, a cat"),
        ("a cat", ["oil of {prompt}", "warm"], "oil of a cat, warm"),
    ],
)
def test_styles_go_around_or_behind(text, styles, applied):
    assert apply_styles(text, styles) == applied


def test_unknown_styles_are_refused_with_the_nearest_name():
    with pytest.raises(RequestError, match="did you mean 'ink'"):
        find_styles(["inc"], {"ink": Style("ink")})
