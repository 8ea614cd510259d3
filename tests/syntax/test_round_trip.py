"""Printing a tree and reading it again gives the same tree, whatever the tree."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dslc.source import Source, Span
from dslc.syntax import tree, words
from dslc.syntax.expressions import BINARY
from dslc.syntax.parser import parse
from dslc.syntax.printer import print_tree

NOWHERE = Span(Source("", ""), 0, 0)
texts = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True).filter(
    lambda text: text not in words.RESERVED | words.STATEMENT_WORDS | {"from"}
)


def node(kind, *parts):
    return st.builds(kind, st.just(NOWHERE), *parts)


def many(part, least=0, most=3):
    return st.lists(part, min_size=least, max_size=most).map(tuple)


identifiers = node(tree.Identifier, texts)
names = node(tree.Name, texts)
# The words of statements are names inside of expressions.
words_as_names = node(tree.Name, st.sampled_from(sorted(words.STATEMENT_WORDS)))
whole = st.integers(0, 10**12)
decimals = st.floats(0, 1e300, allow_subnormal=False).map(abs)
numbers = st.one_of(whole, decimals).map(lambda value: tree.Number(NOWHERE, value, repr(value)))
quantities = node(tree.Quantity, st.one_of(whole, decimals), st.sampled_from(sorted(words.UNITS)))
sizes = node(tree.Size, many(st.integers(0, 999), 2, 4))
strings = node(
    tree.String, st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"'))
)
leaves = st.one_of(
    names, words_as_names, numbers, quantities, sizes, strings, node(tree.Boolean, st.booleans())
)


def bodies(expressions):
    return node(tree.Body, many(stack_statements(expressions), 0, 2))


def stack_statements(expressions):
    doc = st.sampled_from(["", "One line.", "Two\n\nlines."])
    row = node(tree.Row, many(identifiers, 0, 2), expressions, doc)
    labelled = node(tree.Row, many(identifiers, 1, 2), expressions)
    bind = node(tree.Bind, many(identifiers, 1, 2), expressions, doc)
    types = node(tree.Type, st.none() | identifiers, many(expressions))
    return st.one_of(
        row,
        bind,
        node(tree.Output, many(identifiers, 1), st.none(), doc),
        node(tree.Output, st.just(()), st.one_of(labelled, bind), doc),
        node(tree.Input, many(identifiers, 1), types, doc),
        node(tree.Parameter, identifiers, types, expressions, doc),
        node(tree.Layer, identifiers, expressions, doc),
        node(tree.Check, expressions),
    )


def larger(expressions):
    """Return expressions one level deeper."""
    arguments = many(node(tree.Argument, st.none() | identifiers, expressions))
    slices = node(tree.Slice, st.none() | expressions, st.none() | expressions)
    subscripts = st.one_of(expressions, slices, node(tree.Dots))
    body = bodies(expressions)
    applied = st.one_of(
        node(tree.Call, names, arguments),
        node(tree.Attribute, names, identifiers),
        node(tree.Index, names, many(subscripts, 1)),
        node(
            tree.Merge, names, many(node(tree.Branch, many(stack_statements(expressions), 0, 2)), 1)
        ),
        node(tree.List, many(expressions)),
        node(tree.Repeat, expressions, body),
        node(tree.For, identifiers, expressions, body),
        conditions(expressions, body),
        node(
            tree.Scan,
            identifiers,
            expressions,
            many(node(tree.Carry, identifiers, expressions), 1),
            body,
        ),
    )
    stages = st.tuples(expressions, many(st.one_of(names, applied), 1))
    return st.one_of(
        applied,
        node(tree.Call, expressions, arguments),
        node(tree.Attribute, expressions, identifiers),
        node(tree.Index, expressions, many(subscripts, 1)),
        node(tree.Unary, st.sampled_from(["-", "not"]), expressions),
        node(
            tree.Binary, st.sampled_from(sorted(BINARY)), expressions, expressions, st.just(NOWHERE)
        ),
        stages.map(lambda pair: tree.Pipe(NOWHERE, (pair[0], *pair[1]))),
    )


def conditions(expressions, body):
    last = node(tree.If, expressions, body, st.none() | body)
    return last | node(tree.If, expressions, body, last)


expressions = st.one_of(leaves, larger(st.one_of(leaves, larger(leaves))))
types = node(tree.Type, identifiers, many(expressions))
path_parts = many(st.one_of(texts, st.integers(-9, 9)), 0, 2)
paths = st.builds(lambda first, rest: tree.Path(NOWHERE, (first, *rest)), texts, path_parts)
named = node(tree.Argument, identifiers, expressions)
recipes = st.one_of(
    node(tree.Target, many(identifiers, 1), types),
    node(tree.Loss, st.none() | identifiers, expressions),
    node(tree.Metric, st.none() | identifiers, expressions),
    node(tree.Freeze, many(paths, 1), many(named)),
    node(tree.Group, many(paths, 1), many(named)),
    node(tree.Augment, identifiers, types, expressions),
    node(tree.Setting, identifiers, expressions),
)
headers = many(
    node(tree.HeaderParameter, identifiers, st.none(), st.none() | expressions)
    | node(tree.HeaderParameter, identifiers, types, st.none() | expressions)
)
items = st.one_of(
    node(tree.Import, many(identifiers, 1), strings),
    node(tree.Default, identifiers, many(named)),
    node(tree.Block, identifiers, headers, bodies(expressions)),
    node(tree.Net, identifiers, headers, bodies(expressions), st.just("What it is.")),
    node(tree.Train, st.none() | identifiers, many(recipes)),
)
files = node(tree.File, many(items, 0, 2))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(files)
def test_printing_and_reading_again_gives_the_same_tree(file):
    text = print_tree(file)
    again = parse(Source("a.net", text))
    assert again == file
    assert parse(Source("b.net", print_tree(again))) == file
