"""Bad specs, numbered as in the list of forty bad inputs: what each is, how the command ends, and what it says.

A row is the number, the text of `bad.net`, the exit code, line and column, and a piece of what is printed.
"""

from __future__ import annotations

import random
from typing import NamedTuple

HEAD = "net A {\n  input x: float32[N, 4]\n"
IMAGE = "net A {\n  input x: float32[N, 3, 8, 8]\n"
TRAIN = (
    HEAD + "  output y: Linear(3)\n}\ntrain {\n  target t: int64[N]\n  loss cross_entropy(y, t)\n"
    "  optimizer = SGD(lr=0.1)\n  batch = 4\n  epochs = 1\n}\n"
)


class Row(NamedTuple):
    """One bad spec."""

    number: int
    spec: str | bytes
    code: int
    place: str
    said: str


def row(text: str, *, head: str = HEAD) -> str:
    """Return a net with one row."""
    return f"{head}  {text}\n}}\n"


def train(old: str, new: str) -> str:
    """Return a spec with a train section, one piece of it exchanged."""
    assert old in TRAIN
    return TRAIN.replace(old, new)


def doubled(levels: int) -> str:
    """Return blocks each of which calls the one before it twice."""
    blocks = "".join(
        f"block B{i}(x: [N, C]) {{ B{i - 1} -> B{i - 1} }}\n" for i in range(1, levels + 1)
    )
    return "block B0(x: [N, C]) { relu }\n" + blocks + row(f"B{levels}")


NOISE = random.Random(1).randbytes(1 << 20)

SPECS: dict[str, Row] = {
    "empty": Row(1, "", 2, "1:1", "E0506"),
    "only comments": Row(1, "# nothing\n# here\n", 2, "1:1", "no net"),
    "bytes": Row(2, NOISE, 2, "1:", "E0103"),
    "not UTF-8": Row(2, HEAD.encode() + b"  \xff\n}", 2, "3:3", "byte 0xff at offset 35"),
    "lone carriage return": Row(3, HEAD.replace("\n", "\r"), 2, "1:8", "carriage return"),
    "zero character": Row(3, row("re\0lu"), 2, "3:5", "U+0000"),
    "line separator": Row(3, row("relu\u2028tanh"), 2, "3:7", "U+2028"),
    "hard space": Row(3, row("relu\u00a0-> tanh"), 2, "3:7", "U+00A0"),
    "tab": Row(3, HEAD + "\tnone\n}", 2, "3:2", "none"),
    "cut off": Row(4, HEAD + "  repeat 3 {\n    relu", 2, "3:12", "E0101"),
    "100,000 brackets": Row(5, row("output y = " + "(" * 100_000), 3, "3:", "E0902"),
    "100,000 blocks": Row(5, "net A {\n" + "repeat 2 {\n" * 40_000, 3, "65:", "nested"),
    "a long sum": Row(6, row("output y = x + " + "1+" * 20_000 + "1"), 3, "3:", "E0906"),
    "a long list": Row(6, row("output y = x + [" + "1, " * 100_000 + "1]"), 3, "3:", "E0901"),
    "one long line": Row(7, row("relu -> " * (10 << 17)), 3, "3:", "E0901"),
    "5,000 digits": Row(8, row(f"Linear({'9' * 5000})"), 3, "3:10", "E0904"),
    "2**63": Row(8, row("Linear(9223372036854775808)"), 2, "3:10", "at most 2147483647"),
    "a power": Row(8, row("Linear(2**63)"), 2, "3:10", "at most 2147483647"),
    "negative": Row(8, row("Linear(-1)"), 2, "3:10", "at least 1"),
    "zero": Row(8, row("Linear(0)"), 2, "3:10", "at least 1"),
    "fraction": Row(8, row("Linear(1.5)"), 2, "3:10", "a whole number"),
    "underscore": Row(8, row("Linear(1_000)"), 2, "3:1", "1000"),
    "other digits": Row(8, row("Linear(٣)"), 2, "3:10", "digits 0 to 9"),
    "hexadecimal": Row(8, row("Linear(0x10)"), 2, "3:10", ""),
    "too large a number": Row(9, train("0.1", "1e400"), 2, "8:22", ""),
    "nan": Row(9, train("0.1", "nan"), 2, "8:22", "nan"),
    "inf": Row(9, train("0.1", "inf"), 2, "8:22", "inf"),
    "negative rate": Row(9, train("0.1", "-0.1"), 2, "8:", "lr"),
    "too small a number": Row(9, train("0.1", "1e-400"), 2, "8:", ""),
    "unknown layer": Row(10, row("Covn2d(3)"), 2, "3:3", "Conv"),
    "unknown setting": Row(10, row("Conv(4, kernal=3)", head=IMAGE), 2, "3:11", "kernel"),
    "label twice": Row(11, row("a: relu\n  a: relu"), 2, "4:3", "first use"),
    "setting twice": Row(11, row("Linear(3, units=4)"), 2, "3:13", "twice"),
    "parameter twice": Row(
        11, row("param W: float32[2] = zeros\n  param W: float32[2] = zeros"), 2, "4:9", "first use",
    ),
    "undefined": Row(12, row("output y = x + z"), 2, "3:18", "`z`"),
    "used before": Row(12, row("output y = x + a\n  a: relu"), 2, "3:18", "`a`"),
    "circle": Row(12, row("a = b + x\n  b = a + x\n  output y = b"), 2, "3:7", "`b`"),
    "10**12 layers": Row(13, row("repeat 10 { " * 12 + "relu" + " }" * 12), 3, "1:5", "about 10**12"),
    "doubling": Row(14, doubled(40), 3, "42:5", "about 10**12"),
    "a block in itself": Row(15, "block B(x: [N, C]) { relu -> B }\n" + row("B"), 2, "1:", "contains itself"),
    "two blocks in each other": Row(
        15, "block B(x: [N, C]) { C1 }\nblock C1(x: [N, C]) { B }\n" + row("B"), 2, "", "contains itself",
    ),
    "imports itself": Row(15, 'import B from "bad.net"\n' + row("B"), 2, "1:15", "bad.net -> bad.net"),
    "import above": Row(16, 'import B from "../../etc/passwd"\n' + row("B"), 2, "1:15", "leads out"),
    "import absolute": Row(16, 'import B from "/etc/passwd"\n' + row("B"), 2, "1:15", "absolute"),
    "import home": Row(16, 'import B from "~/secret.net"\n' + row("B"), 2, "1:15", "home"),
    "import link": Row(16, 'import B from "link.net"\n' + row("B"), 2, "1:15", "leads out"),
    "import pipe": Row(16, 'import B from "pipe.net"\n' + row("B"), 2, "1:15", "not a regular file"),
    "import folder": Row(16, 'import B from "folder"\n' + row("B"), 2, "1:15", ""),
    "import file://": Row(16, 'import B from "file:///etc/passwd"\n' + row("B"), 2, "1:15", "nothing is fetched"),
    "import http://": Row(
        16, 'import B from "http://example.com/x.net"\n' + row("B"), 2, "1:15", "nothing is fetched",
    ),
    "import zero": Row(16, 'import B from "a\0b"\n' + row("B"), 2, "1:17", "U+0000"),
    "import nothing": Row(16, 'import B from ""\n' + row("B"), 2, "1:15", "empty"),
    "import too many": Row(
        16, "".join(f'import B{i} from "f{i}.net"\n' for i in range(300)) + row("relu"), 3, "256:18", "256 files",
    ),
    "import too deep": Row(16, 'import B from "d0.net"\n' + row("B"), 3, "1:15", "16 deep"),
    "import a spec that is cut off": Row(16, 'import B from "cut.net"\n' + row("B"), 2, "", "cut.net:1:"),
    "2**62 weights": Row(
        17, "net A {\n  input x: float32[N, 2147483647]\n  Linear(2147483647)\n}", 3, "3:3", "18.4 EB",
    ),
    "a table of 10**13": Row(17, row("param W: float32[1000000000, 10000] = normal(std=1)"), 3, "3:12", "40 TB"),
    "product that wraps": Row(
        18, row("param W: float32[4194305, 4194305, 2111061] = zeros"), 3, "3:12", "37,138,195,571,976,189,525",
    ),
    "too large a dimension": Row(
        18, row("param W: float32[211106198978564] = zeros"), 2, "3:20", "at most 2147483647",
    ),
    "nine dimensions": Row(18, row("reshape([N, 1, 1, 1, 1, 1, 1, 1, 4])"), 3, "3:3", "more than 8 dimensions"),
    "kernel larger than its input": Row(19, row("Conv(4, 11x11)", head=IMAGE), 2, "3:11", "larger than its input"),
    "kernel of 2**31": Row(19, row("max_pool(2147483648)", head=IMAGE), 2, "3:12", "at most 65535"),
    "stride 0": Row(20, row("Conv(4, 3x3, stride=0)", head=IMAGE), 2, "3:23", "at least 1"),
    "dilation 0": Row(20, row("Conv(4, 3x3, dilation=0)", head=IMAGE), 2, "3:25", "at least 1"),
    "groups 0": Row(20, row("Conv(4, 3x3, groups=0)", head=IMAGE), 2, "3:23", "at least 1"),
    "groups that do not divide": Row(20, row("Conv(4, 3x3, groups=2)", head=IMAGE), 2, "3:16", "divide"),
    "negative padding": Row(20, row("Conv(4, 3x3, padding=-1)", head=IMAGE), 2, "3:24", "at least 0"),
    "padding as wide as the kernel": Row(20, row("max_pool(2, padding=2)", head=IMAGE), 2, "3:", "padding"),
    "padding of 2**32": Row(21, row("Conv(4, 3x3, padding=4294967296)", head=IMAGE), 2, "3:24", "at most 65535"),
    "axis of 2**31": Row(21, row("softmax(axis=2147483648)"), 2, "3:16", "at most 2147483647"),
    "lrn of 2**32": Row(21, row("lrn(4294967296)", head=IMAGE), 2, "3:7", "at most"),
    "branches that differ": Row(22, row("add { | Linear(3) | Linear(5) }"), 2, "3:3", "[N, 5]"),
    "concat that does not fit": Row(22, row("concat(axis=0) { | Linear(3) | Linear(5) }"), 2, "3:", "[N, 5]"),
    "matrices that do not fit": Row(
        22, row("param W: float32[3, 2] = zeros\n  output y = x @ W"), 2, "4:16", "[3, 2]",
    ),
    "reshape to another size": Row(22, row("reshape([N, 5])"), 2, "3:", "5"),
    "two sizes to find": Row(22, row("reshape([N, -1, -1])"), 2, "3:", "-1"),
    "axis out of range": Row(23, row("softmax(axis=5)"), 2, "3:11", "axis"),
    "axis twice": Row(23, row("mean(axis=[1, 1])"), 2, "3:", "axis"),
    "step 0": Row(23, row("output y = x[:, 0:4:0]"), 2, "3:", ""),
    "index out of range": Row(23, row("output y = x[:, 9]"), 2, "3:", "9"),
    "division by zero": Row(23, row("Linear(4 // 0)"), 2, "3:10", "divides by 0"),
    "batch 0": Row(24, train("batch = 4", "batch = 0"), 2, "9:11", "at least 1"),
    "no length": Row(24, "net A {\n  input x: float32[N, 0]\n  relu\n}", 2, "2:23", "at least 1"),
    "mean of nothing": Row(24, row("output y = mean(x[:, 2:2])"), 2, "3:", ""),
    "loss on another rank": Row(25, train("int64[N]", "int64[N, 3]"), 2, "7:", "[N, 3]"),
    "loss on another type": Row(25, train("int64[N]", "float32[N]"), 2, "7:", "float32"),
    "name of 300": Row(26, row(f"{'a' * 300}: relu"), 3, "3:3", "E0903"),
    "name with dots": Row(26, row("../x: relu"), 2, "3:", ""),
    "nothing to train": Row(27, train("Linear(3)", "mul(1.0)"), 2, "7:3", "no parameter reaches it"),
    "no loss": Row(27, train("  loss cross_entropy(y, t)\n", ""), 2, "", "loss"),
    "data above": Row(28, train("batch", 'data = "../x.npz"\n  batch'), 2, "9:10", "leads out"),
    "data absolute": Row(28, train("batch", 'data = "/etc/passwd"\n  batch'), 2, "9:10", "absolute"),
    "validation at home": Row(28, train("batch", 'validation = "~/x.npz"\n  batch'), 2, "9:16", "home"),
}  # fmt: skip

FINE: dict[str, str | bytes] = {
    "byte order mark and line ends of Windows": ("\ufeff" + TRAIN).replace("\n", "\r\n").encode(),
    "words of Python": row("class: relu\n  import_: tanh\n  __class__: relu"),
    "names that differ in case": row("a: relu\n  A1: tanh\n  b: relu\n  B1: relu"),
    "no end of line": TRAIN.rstrip(),
}
