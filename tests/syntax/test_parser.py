"""What a piece of text means, node by node."""

from __future__ import annotations

import pytest

from dslc.errors import CompileError
from dslc.source import Source, Span
from dslc.syntax import tree
from dslc.syntax.parser import parse, parse_partly
from dslc.syntax.printer import print_tree

NOWHERE = Span(Source("", ""), 0, 0)


def n(text):
    return tree.Name(NOWHERE, text)


def i(text):
    return tree.Identifier(NOWHERE, text)


def number(value):
    return tree.Number(NOWHERE, value, str(value))


def call(name, *values, **named):
    arguments = [tree.Argument(NOWHERE, None, value) for value in values]
    arguments += [tree.Argument(NOWHERE, i(key), value) for key, value in named.items()]
    return tree.Call(NOWHERE, n(name), tuple(arguments))


def binary(left, operator, right):
    return tree.Binary(NOWHERE, operator, left, right, NOWHERE)


def unary(operator, operand):
    return tree.Unary(NOWHERE, operator, operand)


def index(value, *items):
    return tree.Index(NOWHERE, value, items)


def slice_(lower, upper):
    return tree.Slice(NOWHERE, lower, upper)


def pipe(*stages):
    return tree.Pipe(NOWHERE, stages)


def row(value, *labels):
    return tree.Row(NOWHERE, tuple(map(i, labels)), value)


def body(*statements):
    return tree.Body(NOWHERE, statements)


def listed(*items):
    return tree.List(NOWHERE, items)


a, b, c = n("a"), n("b"), n("c")

EXPRESSIONS = [
    ("a - b - c", binary(binary(a, "-", b), "-", c)),
    ("a + b * c", binary(a, "+", binary(b, "*", c))),
    ("(a + b) * c", binary(binary(a, "+", b), "*", c)),
    ("-a**b", unary("-", binary(a, "**", b))),
    ("a**-b", binary(a, "**", unary("-", b))),
    ("a**b**c", binary(a, "**", binary(b, "**", c))),
    ("a @ b // c % a", binary(binary(binary(a, "@", b), "//", c), "%", a)),
    ("not a == b and c or a", binary(binary(unary("not", binary(a, "==", b)), "and", c), "or", a)),
    ("a + b -> f -> c(b)", pipe(binary(a, "+", b), n("f"), call("c", b))),
    (
        "a.b.c[0]",
        index(tree.Attribute(NOWHERE, tree.Attribute(NOWHERE, a, i("b")), i("c")), number(0)),
    ),
    ("a[:3]", index(a, slice_(None, number(3)))),
    ("a[3:]", index(a, slice_(number(3), None))),
    ("a[:]", index(a, slice_(None, None))),
    (
        "a[1:2, ..., -1]",
        index(a, slice_(number(1), number(2)), tree.Dots(NOWHERE), unary("-", number(1))),
    ),
    ("a(3x3, k=2x2x2)", call("a", tree.Size(NOWHERE, (3, 3)), k=tree.Size(NOWHERE, (2, 2, 2)))),
    (
        "a(every=30 epochs, b=500 steps)",
        call(
            "a", every=tree.Quantity(NOWHERE, 30, "epochs"), b=tree.Quantity(NOWHERE, 500, "steps")
        ),
    ),
    ("a(epochs, steps=5)", call("a", n("epochs"), steps=number(5))),
    ("[1, [2, k],]", listed(number(1), listed(number(2), n("k")))),
    ("a -> [N, _, 3]", pipe(a, listed(n("N"), n("_"), number(3)))),
    ('a("x # y", true)', call("a", tree.String(NOWHERE, "x # y"), tree.Boolean(NOWHERE, True))),
    ("1.5e-3 * 2E2", binary(number(1.5e-3), "*", number(200.0))),
    ("a +\n    b", binary(a, "+", b)),
    ("a\n    -> b\n    -> c", pipe(a, b, c)),
    ("f(a,\n  b,  # comment\n  )", call("f", a, b)),
    (
        "add { | | a\n b\n }",
        tree.Merge(
            NOWHERE, n("add"), (tree.Branch(NOWHERE, ()), tree.Branch(NOWHERE, (row(a), row(b))))
        ),
    ),
    ("repeat a - 1 { b }", tree.Repeat(NOWHERE, binary(a, "-", number(1)), body(row(b)))),
    ("for x in a { }", tree.For(NOWHERE, i("x"), a, body())),
    (
        "if a { b } else if c { }\n else { a }",
        tree.If(NOWHERE, a, body(row(b)), tree.If(NOWHERE, c, body(), body(row(a)))),
    ),
    (
        "scan x in a, h = b { output h }",
        tree.Scan(
            NOWHERE,
            i("x"),
            a,
            (tree.Carry(NOWHERE, i("h"), b),),
            body(tree.Output(NOWHERE, (i("h"),), None)),
        ),
    ),
    ("grad(grad(a, b), b)", call("grad", call("grad", a, b), b)),
]


@pytest.mark.parametrize(("text", "expected"), EXPRESSIONS, ids=[text for text, _ in EXPRESSIONS])
def test_expressions(text, expected):
    assert statements(f"y = {text}") == (tree.Bind(NOWHERE, (i("y"),), expected),)


F3 = tree.Type(NOWHERE, i("float32"), (n("N"), number(3)))
STATEMENTS = [
    ("a", row(a)),
    ("c1: a", row(a, "c1")),
    ("x, y: a", row(a, "x", "y")),
    ("input x, y: float32[N, 3]", tree.Input(NOWHERE, (i("x"), i("y")), F3)),
    ("param W: float32[N, 3] = zeros", tree.Parameter(NOWHERE, i("W"), F3, n("zeros"))),
    ("layer e = a", tree.Layer(NOWHERE, i("e"), a)),
    ("output a, b", tree.Output(NOWHERE, (i("a"), i("b")), None)),
    ("output y: a", tree.Output(NOWHERE, (), row(a, "y"))),
    ("output y = a", tree.Output(NOWHERE, (), tree.Bind(NOWHERE, (i("y"),), a))),
    ("check parameters == 3", tree.Check(NOWHERE, binary(n("parameters"), "==", number(3)))),
    # Words are names wherever no statement begins with them, or where none could.
    ("input -> a", row(pipe(n("input"), a))),
    ("layer", row(n("layer"))),
    ("target: a", row(a, "target")),
    ("loss = a", tree.Bind(NOWHERE, (i("loss"),), a)),
    ("output input: group", tree.Output(NOWHERE, (), row(n("group"), "input"))),
    (
        "y = target + steps(metric)",
        tree.Bind(NOWHERE, (i("y"),), binary(n("target"), "+", call("steps", n("metric")))),
    ),
]


@pytest.mark.parametrize(("text", "expected"), STATEMENTS, ids=[text for text, _ in STATEMENTS])
def test_statements_of_a_stack(text, expected):
    assert statements(text) == (expected,)


def path(*parts):
    return tree.Path(NOWHERE, parts)


def argument(name, value):
    return tree.Argument(NOWHERE, i(name), value)


RECIPES = [
    ("target x: float32[N, 3]", tree.Target(NOWHERE, (i("x"),), F3)),
    ("loss a", tree.Loss(NOWHERE, None, a)),
    ("loss -a", tree.Loss(NOWHERE, None, unary("-", a))),
    ("loss data = a", tree.Loss(NOWHERE, i("data"), a)),
    ("metric m = a", tree.Metric(NOWHERE, i("m"), a)),
    (
        "freeze vgg.conv[0], l[-1].x",
        tree.Freeze(NOWHERE, (path("vgg", "conv", 0), path("l", -1, "x")), ()),
    ),
    (
        "freeze a (statistics=true)",
        tree.Freeze(NOWHERE, (path("a"),), (argument("statistics", tree.Boolean(NOWHERE, True)),)),
    ),
    (
        "group bias, BatchNorm (lr=1)",
        tree.Group(NOWHERE, (path("bias"), path("BatchNorm")), (argument("lr", number(1)),)),
    ),
    ("augment x: float32[N, 3] = a -> b", tree.Augment(NOWHERE, i("x"), F3, pipe(a, b))),
    ("every = 5 steps", tree.Setting(NOWHERE, i("every"), tree.Quantity(NOWHERE, 5, "steps"))),
    ("steps = 5", tree.Setting(NOWHERE, i("steps"), number(5))),
    ("group = a", tree.Setting(NOWHERE, i("group"), a)),
]


@pytest.mark.parametrize(("text", "expected"), RECIPES, ids=[text for text, _ in RECIPES])
def test_statements_of_a_train_section(text, expected):
    (train,) = parse(Source("a.net", f"train {{\n  {text}\n}}\n")).items
    assert train.statements == (expected,)


def test_items():
    text = (
        'import A, B from "c.net"\n'
        "default Conv(bias=false,)\n"
        "block D(x: [N, C], y: [N, C] = x, Gate=identity, k, p=k // 2,) { }\n"
        "net E { }\n"
        "train G { }\ntrain { }"
    )
    dims = tree.Type(NOWHERE, None, (n("N"), n("C")))
    half = binary(n("k"), "//", number(2))
    assert parse(Source("a.net", text)).items == (
        tree.Import(NOWHERE, (i("A"), i("B")), tree.String(NOWHERE, "c.net")),
        tree.Default(NOWHERE, i("Conv"), (argument("bias", tree.Boolean(NOWHERE, False)),)),
        tree.Block(
            NOWHERE,
            i("D"),
            (
                tree.HeaderParameter(NOWHERE, i("x"), dims, None),
                tree.HeaderParameter(NOWHERE, i("y"), dims, n("x")),
                tree.HeaderParameter(NOWHERE, i("Gate"), None, n("identity")),
                tree.HeaderParameter(NOWHERE, i("k"), None, None),
                tree.HeaderParameter(NOWHERE, i("p"), None, half),
            ),
            body(),
        ),
        tree.Net(NOWHERE, i("E"), (), body()),
        tree.Train(NOWHERE, i("G"), ()),
        tree.Train(NOWHERE, None, ()),
    )


@pytest.mark.parametrize("text", ["", "\n", "# only a comment", "\ufeff", " \t\r\n"])
def test_a_file_may_be_empty(text):
    assert parse(Source("a.net", text)).items == ()


@pytest.mark.parametrize(
    "change", [lambda t: t.replace("\n", "\r\n"), lambda t: "\ufeff" + t, lambda t: t + "# end"]
)
def test_line_ends_and_byte_order_marks_change_nothing(change):
    text = "net A {\n  input x: float32[N]  # the input\n\n  relu\n}\n"
    assert parse(Source("a.net", change(text))) == parse(Source("a.net", text))


def test_documentation_and_comments():
    text = (
        "## The file.\n##\n## And more.\nnet A {\n  relu  ## no documentation\n  # plain\n"
        "  ## The row.\n  y: tanh # end\n}\n#last"
    )
    file = parse(Source("a.net", text))
    (net,) = file.items
    assert file.doc == net.doc == "The file.\n\nAnd more."
    assert [statement.doc for statement in net.body.statements] == ["", "The row."]
    assert [(comment.text, comment.own_line, comment.span.line) for comment in file.comments] == [
        ("## The file.", True, 1),
        ("##", True, 2),
        ("## And more.", True, 3),
        ("## no documentation", False, 5),
        ("# plain", True, 6),
        ("## The row.", True, 7),
        ("# end", False, 8),
        ("#last", True, 10),
    ]
    for comment in file.comments:
        assert comment.span.text == comment.text


def test_spans_include_brackets():
    source = Source("a.net", "net A {\n  y = (a + b) * f(c)[0]\n}\n")
    (net,) = parse(source).items
    (bind,) = net.body.statements
    assert bind.span.text == "y = (a + b) * f(c)[0]"
    assert bind.value.left.span.text == "(a + b)"
    assert bind.value.right.span.text == "f(c)[0]"
    assert bind.value.operator_span.text == "*"


def test_mistakes_are_independent_and_in_order():
    text = (
        "net A {\n  y = x^2\n  relu relu\n  add {\n    | f(1 2)\n    | z = 3 +* 4\n  }\n}\n"
        "train {\n  loss = a\n  batch = 0x\n}\n"
    )
    with pytest.raises(CompileError) as caught:
        parse(Source("a.net", text))
    lines = [diagnostic.primary.span.line for diagnostic in caught.value.diagnostics]
    assert lines == [2, 3, 5, 6, 10, 11]


def test_at_most_ten_mistakes_are_told():
    with pytest.raises(CompileError) as caught:
        parse(Source("a.net", "net A {\n" + "  f(1 2)\n  y = x^2\n" * 20 + "}\n"))
    lines = [diagnostic.primary.span.line for diagnostic in caught.value.diagnostics]
    assert lines == list(range(2, 12))


def test_what_can_be_read_is_read_once():
    text = (
        "net A {\n  a: relu\n  b: tanh\n  relu relu\n  c: relu\n  d = x^2\n"
        "  repeat 3 { f(1 2) } 5\n  e: relu\n}\n"
        "train {\n  batch = 1\n  steps = 1 1\n  epochs = 2\n}\n\nnet"
    )
    file, mistakes = parse_partly(Source("a.net", text))
    assert [mistake.primary.span.line for mistake in mistakes] == [4, 6, 7, 7, 12, 16]
    assert print_tree(file) == (
        "net A {\n  a: relu\n  b: tanh\n  c: relu\n  e: relu\n}\n\n"
        "train {\n  batch = 1\n  epochs = 2\n}\n"
    )


def statements(text):
    """Return the statements of a net that holds `text`."""
    (net,) = parse(Source("a.net", f"net A {{\n  {text}\n}}\n")).items
    return net.body.statements
