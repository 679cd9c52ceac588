import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentimento.errors import RequestError
from pentimento.prompts import Style, apply_styles, find_styles, read_styles, recognise_styles, write_styles

TEXTS = st.text(alphabet='ab ,"\n{}é', max_size=12)
STYLES = st.builds(Style, st.text(alphabet="xyz-", min_size=1, max_size=5), TEXTS, TEXTS)


@given(st.lists(STYLES, unique_by=lambda style: style.name))
def test_a_table_is_read_as_it_was_written(styles):
    assert list(read_styles(write_styles(styles)).values()) == styles


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


def test_styles_are_recognised_in_prompts_that_were_made_with_them():
    table = [Style("oil", "oil of {prompt}", "photo"), Style("warm", "warm light"), Style("none")]
    by_name = {style.name: style for style in table}
    for chosen in ([], [table[0]], [table[1]], [table[0], table[1]]):
        prompt = apply_styles("a cat", [style.prompt for style in chosen])
        negative = apply_styles("ugly", [style.negative_prompt for style in chosen])
        bare, bare_negative, names = recognise_styles(prompt, negative, table)
        assert (bare, bare_negative, set(names)) == ("a cat", "ugly", {style.name for style in chosen})
        assert apply_styles(bare, [by_name[name].prompt for name in names]) == prompt
        assert apply_styles(bare_negative, [by_name[name].negative_prompt for name in names]) == negative
