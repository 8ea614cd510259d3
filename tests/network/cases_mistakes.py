"""Specs with one mistake: where it is (`«...»` marks the primary span), its code, and words of what is said."""

from __future__ import annotations

IMAGE = "  input image: float32[N, 3, 224, 224]\n"
MLP = "  input x: float32[N, 20]\n"

MISTAKES: dict[str, tuple[str, str, str]] = {
    # ---- names
    "misspelled layer": (
        "net Net {\n" + IMAGE + "  Conv(64, 3x3, padding=1) -> «BatchNrom» -> relu\n}",
        "E0201", "did you mean `BatchNorm`?",
    ),
    "misspelled function as a call": (
        "net Net {\n" + IMAGE + "  Conv(64, 3x3) -> «max_pol»(2x2)\n}",
        "E0201", "did you mean `max_pool`?",
    ),
    "PyTorch name": (
        "net Net {\n" + IMAGE + "  c1: «Conv2d»(6, 5)\n}",
        "E0202", "`Conv2d` is spelled `Conv` here",
    ),
    "Keras name": (
        "net Net {\n" + MLP + "  «Dense»(10)\n}", "E0202", "`Dense` is spelled `Linear` here",
    ),
    "a value called": (
        "net Net {\n" + MLP + "  h: Linear(5)\n  «h»(3)\n}", "E0214", "`h` is a value, not a layer",
    ),
    "unknown argument": (
        "net Net {\n" + IMAGE + "  conv1: Conv(64, 7x7, «strides»=2, padding=3)\n}",
        "E0203", "did you mean `stride`?",
    ),
    "unknown argument of a block": (
        "block B(width) { Linear(width) }\nnet Net {\n" + MLP + "  B(«widht»=3)\n}",
        "E0203", "did you mean `width`?",
    ),
    "misspelled recompute": (
        "block B(width) { Linear(width) }\nnet Net {\n" + MLP + "  B(3, «recomput»=true)\n}",
        "E0203", "did you mean `recompute`?",
    ),
    "recompute twice": (
        "block B(width) { Linear(width) }\nnet Net {\n" + MLP + "  B(3, recompute=true, «recompute=true»)\n}",
        "E0205", "given twice",
    ),
    "weights twice on a layer line": (
        "block B { Linear(3) }\nnet Net {\n" + MLP + "  layer b = B(weights=\"a.npz\", «weights=\"b.npz\"»)\n  b\n}",
        "E0205", "given twice",
    ),
    "recompute without a value": (
        "block B(width) { Linear(width) }\nnet Net {\n" + MLP + "  B(3, «recompute»)\n}",
        "E0204", "recompute=",
    ),
    "recompute that is no truth value": (
        "block B(width) { Linear(width) }\nnet Net {\n" + MLP + "  B(3, recompute=«3»)\n}",
        "E0402", "takes true or false",
    ),
    "recompute of an operation": (
        "net Net {\n" + MLP + "  Linear(3, «recompute»=true)\n}", "E0203", "no argument `recompute`",
    ),
    "too many arguments": (
        "net Net {\n" + MLP + "  Linear(10) -> relu(«4»)\n}", "E0203", "`relu` takes one value, here it gets 2",
    ),
    "piped into a call that has its values": (
        "net Net {\n" + MLP + "  x -> sub(x, «x»)\n}", "E0203", "`sub` takes two values, here it gets 3",
    ),
    "missing kernel": (
        "net Net {\n" + IMAGE + "  conv1: «Conv(64, stride=2)»\n}",
        "E0204", "`Conv` is missing its kernel",
    ),
    "missing second value": (
        "net Net {\n" + MLP + "  «sub»\n}", "E0204", "missing its value `y`",
    ),
    "net without a default": (
        "net Net(«classes») {\n" + MLP + "  Linear(classes)\n}", "E0204", "has no default",
    ),
    "label twice": (
        "net Net {\n" + MLP + "  a: Linear(3)\n  «a»: Linear(3)\n}", "E0205", "the name `a` is used twice",
    ),
    "hyper-parameter and value": (
        "net Net(width=3) {\n" + MLP + "  «width»: Linear(3)\n}", "E0205", "hyper-parameter",
    ),
    "argument twice": (
        "net Net {\n" + MLP + "  Linear(3, «units=4»)\n}", "E0205", "given twice",
    ),
    "block twice": (
        "block B { relu }\nblock «B» { tanh }\nnet Net {\n" + MLP + "  B\n}", "E0205", "used twice",
    ),
    "unknown value": (
        "net Net {\n" + MLP + "  logits: Linear(3)\n  output y = «logit» + 1\n}",
        "E0206", "did you mean `logits`?",
    ),
    "unknown value in a loss": (
        "net Net {\n" + MLP + "  output logits: Linear(3)\n}\n"
        "train {\n  target t: float32[N, 3]\n  loss mse(«logit», t)\n  optimizer = SGD(lr=1)\n  batch = 2\n}",
        "E0206", "values of Net that can be used here: x, logits, t",
    ),
    "reserved name": (
        "net Net {\n" + MLP + "  «validation»: Linear(3)\n}", "E0208", "the name `validation` is reserved",
    ),
    "name of a function": (
        "net Net {\n" + MLP + "  «relu»: Linear(3)\n}", "E0208", "`relu` is the name of a function",
    ),
    "block in lower case": (
        "block «b» { relu }\nnet Net {\n" + MLP + "  relu\n}", "E0208", "call it `B`",
    ),
    "block named like a layer": (
        "block «Conv» { relu }\nnet Net {\n" + MLP + "  relu\n}", "E0208", "`Conv` is a layer of the language",
    ),
    "recursion": (
        "block Tree(depth) {\n  Linear(3) -> «Tree(depth - 1)»\n}\nnet Net {\n" + MLP + "  Tree(3)\n}",
        "E0209", "block `Tree` contains itself",
    ),
    "recursion through another block": (
        "block A { B }\nblock B { «A» }\nnet Net {\n" + MLP + "  A\n}", "E0209", "block `A` contains itself",
    ),
    "misspelled dimension": (
        "net Net(classes=3) {\n  input x: float32[N, «clases»]\n  relu\n}",
        "E0210", "did you mean the hyper-parameter `classes`?",
    ),
    "dimension of a check": (
        "net Net {\n" + MLP + "  Linear(3) -> [«M», 3]\n}", "E0210", "the dimension `M` is not known",
    ),
    "no such member": (
        "block B { a: Linear(3) }\nnet Net {\n" + MLP + "  b: B\n  output y = b.«c»\n}",
        "E0211", "inside b: a",
    ),
    "weight of a row with two layers": (
        "net Net {\n" + MLP + "  b: Linear(3) -> Linear(3)\n  output y = sum(b.«weight»)\n}",
        "E0211", "several layers with weights",
    ),
    "weight of a shared layer before its first call": (
        "net Net {\n" + MLP + "  layer l = Linear(3)\n  output y = sum(«l.weight»)\n}",
        "E0211", "`l` has no weights yet",
    ),
    # ---- shapes
    "branches of add": (
        "net Net {\n" + MLP + "  «add» {\n    | Linear(3)\n    | Linear(4)\n  }\n}",
        "E0301", "branch 1 gives [N, 3]",
    ),
    "branches that broadcast": (
        "net Net {\n" + MLP + "  «add» { | Linear(3) | Linear(1) }\n}", "E0301", "dimension 1: 3 and 1",
    ),
    "checked shape": (
        "net Net {\n" + IMAGE + "  Conv(96, 11x11, stride=4) -> max_pool(3x3, stride=2) -> «[N, 96, 27, 27]»\n}",
        "E0302", "floor((224 + 2*0 - 11) / 4) + 1 = 54",
    ),
    "a shape does not reshape": (
        "net Net {\n" + MLP + "  relu -> «[N, 4, 5]»\n}", "E0302", "reshape([N, 4, 5])",
    ),
    "kernel too large": (
        "net Net {\n  input x: float32[N, 3, 8, 8]\n  Conv(4, «11x11»)\n}", "E0304", "kernel",
    ),
    "matrix product": (
        "net Net {\n  input x: float32[20]\n  param W: float32[20, 10] = normal(std=0.1)\n  output q = W «@» x\n}",
        "E0307", "20",
    ),
    "loss that would broadcast": (
        "net Net {\n" + MLP + "  output y: Linear(1)\n}\n"
        "train {\n  target t: float32[N]\n  loss «mse»(y, t)\n  optimizer = SGD(lr=1)\n  batch = 2\n}",
        "E0309", "[N, N]",
    ),
    "header of another rank": (
        "block B(x: [N, C, H, W]) { relu }\nnet Net {\n" + MLP + "  «B»\n}", "E0311", "4 dimensions, the value 2",
    ),
    "header of another size": (
        "block B(x: [N, 5]) { relu }\nnet Net {\n" + MLP + "  «B»\n}", "E0311",
        "`B` wants 5 in dimension 1, the value has 20",
    ),
    "header names disagree": (
        "block B(x: [N, D], y: [N, D]) { output z = x + y }\n"
        "net Net {\n" + MLP + "  h: Linear(3)\n  B(«x»)\n}",
        "E0311", "`B` wants D = 3 in dimension 1, the value has 20",
    ),
    "literal of another shape": (
        "net Net {\n" + MLP + "  param w: float32[3] = «[1, 2]»\n  output y = sum(w)\n}",
        "E0319", "the list is [2], the parameter [3]",
    ),
    "shared layer of other shapes": (
        "net Net {\n" + MLP + "  layer l = Linear(7)\n  a: l\n  b: «l»\n}",
        "E0312", "the first call made its weight: [7, 20]",
    ),
    "condition on a free dimension": (
        "block B(x: [N, C]) { if «N == 3» { relu } }\nnet Net {\n" + MLP + "  B\n}",
        "E0313", "depends on `N`, which is free",
    ),
    "setting from a free dimension": (
        "block B(x: [N, C]) { Linear(«N») }\nnet Net {\n" + MLP + "  B\n}", "E0313", "N is free",
    ),
    # ---- types and settings
    "loss in class numbers": (
        "net Net {\n" + MLP + "  output y: Linear(4)\n}\ntrain {\n  target t: float32[N]\n"
        "  loss cross_entropy(y, «t»)\n  optimizer = SGD(lr=1)\n  batch = 2\n}",
        "E0401", "float32",
    ),
    "setting of another kind": (
        "net Net {\n" + MLP + "  Linear(«\"many\"»)\n}", "E0402", "takes a whole number",
    ),
    "fraction for a whole number": (
        "net Net {\n" + MLP + "  Linear(units=«7 / 2»)\n}", "E0402", "the number 3.5",
    ),
    "unknown word": (
        "net Net {\n" + IMAGE + "  Conv(4, 3x3, padding=«sam»)\n}", "E0402", "did you mean `same`?",
    ),
    "hyper-parameter of another kind": (
        "block B(width=3) { Linear(width) }\nnet Net {\n" + MLP + "  B(«width=\"a\"»)\n}",
        "E0402", "the default is the number 3",
    ),
    "function in arithmetic": (
        "net Net {\n" + MLP + "  output y = 1 + «relu»\n}", "E0403", "give it a value to work on",
    ),
    "unknown element type": (
        "net Net {\n  input x: «float23»[N, 3]\n  relu\n}", "E0408", "did you mean `float32`?",
    ),
    "division by zero": (
        "net Net {\n" + MLP + "  Linear(«4 // 0»)\n}", "E0404", "divides by 0",
    ),
    "list of values": (
        "net Net {\n" + MLP + "  h: Linear(3)\n  output y = [«x», h] + 1\n}", "E0404", "a list holds numbers",
    ),
    "repeat of a fraction": (
        "net Net {\n" + MLP + "  repeat «2.5» { relu }\n}", "E0404", "the number 2.5",
    ),
    "for over a number": (
        "net Net {\n" + MLP + "  for i in «3» { relu }\n}", "E0404", "needs a list",
    ),
    "condition on a value": (
        "net Net {\n" + MLP + "  if «x» { relu }\n}", "E0404", "unfolded by the compiler",
    ),
    "element outside a list": (
        "net Net(d=[1, 2]) {\n" + MLP + "  Linear(d[«2»])\n}", "E0405", "the list has 2",
    ),
    "round outside a loop": (
        "net Net {\n" + MLP + "  l: repeat 2 { Linear(20) }\n  output y = l[«2»]\n}", "E0405", "the loop has 2",
    ),
    "rounds sliced as a tensor": (
        "net Net {\n" + MLP + "  l: repeat 2 { Linear(20) }\n  output y = «l[:, 0]»\n}", "E0405", "last = l[-1]",
    ),
    "range of a setting": (
        "net Net {\n" + IMAGE + "  Conv(4, 3x3, stride=«0»)\n}", "E0406", "at least 1",
    ),
    "range of a positional setting": (
        "net Net {\n" + MLP + "  Dropout(«1.5»)\n}", "E0406", "at most 1",
    ),
    # ---- structure
    "bind without a value": (
        "net Net {\n" + MLP + "  h = «Linear(128)»\n  output y = h\n}", "E0501", "h: Linear(128)",
    ),
    "two inputs": (
        "net Net {\n  input a: float32[N, 3]\n  input b: float32[N, 3]\n  «Linear(4)»\n}",
        "E0502", "a -> Linear(4)",
    ),
    "merge of two values in the flow": (
        "net Net {\n" + MLP + "  left: Linear(3)\n  right: Linear(4)\n  concat(left, «right»)\n}",
        "E0503", "concat(right, left, right)",
    ),
    "merge of two values in a row with a label": (
        "net Net {\n" + MLP + "  a: Linear(3)\n  b: Linear(3)\n  c: «concat(a, b, axis=0)»\n}",
        "E0503", "c: concat(a, axis=0)\nto leave the flow alone, write it beside the stack:\n  c = concat(a, b",
    ),
    "value right of an arrow": (
        "net Net {\n" + MLP + "  h: Linear(3)\n  relu -> «h»\n}", "E0504", "an arrow passes a value to a call",
    ),
    "too many names": (
        "net Net {\n" + MLP + "  «a, b»: Linear(3)\n}", "E0505", "2 names for one value",
    ),
    "input in a block": (
        "block B { «input y: float32[N]» }\nnet Net {\n" + MLP + "  B\n}", "E0507", "stands in a net",
    ),
    "block without a value": (
        "block B { param w: float32[2] = zeros }\nnet Net {\n  input a, b: float32[2]\n"
        "  q = «B»\n  output y = a + b\n}",
        "E0508", "gives no value",
    ),
    "check of the parameters": (
        "net Net {\n" + MLP + "  Linear(3)\n  check «parameters == 60»\n}", "E0509", "parameters = 63",
    ),
    "check of a net called as a layer": (
        "net Inner {\n" + MLP + "  Linear(3)\n  check «parameters == 60»\n}\nnet Net {\n" + MLP + "  Inner\n}",
        "E0509", "parameters = 63",
    ),
    "check of what a block is given": (
        "block B(x: [N, E], heads) {\n  check «E % heads == 0»\n  reshape([N, heads, E // heads])\n"
        "  reshape([N, E])\n}\nnet Net {\n" + MLP + "  B(3) -> B(3)\n}",
        "E0509", "`B` needs E % heads == 0",
    ),
    "check of hyper-parameters before the rows": (
        "net Net(heads=3) {\n" + MLP + "  check «20 % heads == 0»\n  reshape([N, heads, 20 // heads])\n}",
        "E0509", "heads = 3",
    ),
    "check of a free dimension": (
        "block B(x: [N, E], heads) {\n  check «N % heads == 0»\n  Linear(N)\n}\nnet Net {\n" + MLP + "  B(3)\n}",
        "E0313", "N is free",
    ),
    "the features that flow in, first in a call of a block": (
        "block B(x: [N, E], width, bias=false) { Linear(width, bias=bias) }\nnet Net {\n" + MLP + "  B(20, «4»)\n}",
        "E0402", "not written:\n  B(4)",
    ),
    "weights that are no path": (
        "net Inner {\n" + MLP + "  Linear(3)\n}\nnet Net {\n" + MLP + "  Inner(weights=«3»)\n}",
        "E0402", "the path of a file",
    ),
    "weights outside of the folder": (
        "net Inner {\n" + MLP + "  Linear(3)\n}\nnet Net {\n" + MLP + "  Inner(weights=«\"../a.onnx\"»)\n}",
        "E0704", "stay in its folder",
    ),
    "weights of a layer": (
        "net Net {\n" + MLP + "  Linear(3, «weights»=\"a.onnx\")\n}", "E0203", "no argument `weights`",
    ),
    # ---- limits
    "huge repeat": (
        "net «Net» {\n" + MLP + "  repeat 1000000000 { relu }\n}", "E0901", "2,000,000,000",
    ),
    "nested repeats": (
        "block A { repeat 1000 { relu } }\nblock B { repeat 1000 { A } }\n"
        "block C { repeat 1000 { B } }\nnet «Net» {\n" + MLP + "  C\n}",
        "E0901", "more than 100,000 operations",
    ),
    "repeat that depends on a dimension": (
        "block A(x: [N, C]) { «repeat C * 100000 »{ relu } }\nnet Net {\n" + MLP + "  A\n}",
        "E0901", "more than 100,000 operations",
    ),
    "more numbers than can be counted": (
        "net Net {\n" + MLP + "  for k in «range(9 ** 20)» { relu }\n}", "E0901", "too large",
    ),
    "as many numbers as there are": (
        "net Net {\n" + MLP + "  k = «range(2 ** 63)»\n}", "E0901", "too large",
    ),
    "huge number": (
        "net Net {\n" + MLP + "  Linear(«9 ** 9 ** 9»)\n}", "E0901", "too large",
    ),
}  # fmt: skip

NET = "net Net {\n  input x: float32[N, 4]\n  output y: Linear(3)\n}\n"
PICTURES = """net Net {
  input image: uint8[N, 3, 8, 8]
  cast(float32) -> flatten
  output y: Linear(3)
}
train {
  target label: int64[N]
  loss cross_entropy(y, label)
  optimizer = SGD(lr=0.1)
  batch = 4
"""
TARGET = "  target t: float32[N, 3]\n"
REST = "  optimizer = SGD(lr=1)\n  batch = 2\n}"

TRAINING: dict[str, tuple[str, str, str]] = {
    "undeclared target": (
        NET + "train {\n  loss mse(y, «digit»)\n" + REST, "E0601", "target digit: float32[N, 3]",
    ),
    "misspelled setting": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  «epoch» = 90\n" + REST,
        "E0603", "did you mean `epochs`?",
    ),
    "setting of another kind": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  epochs = «\"many\"»\n" + REST,
        "E0402", "takes a whole number",
    ),
    "setting out of range": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  validation = «1.5»\n" + REST,
        "E0406", "must be less than 1",
    ),
    "setting twice": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  seed = 1\n  «seed» = 2\n" + REST,
        "E0205", "set twice",
    ),
    "freeze of nothing": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  freeze «z»\n" + REST, "E0604", "the net has: y",
    ),
    "freeze of nothing inside": (
        "block B { stem: Linear(3) -> relu\n  head: Linear(3) }\n"
        "net Net {\n  input x: float32[N, 4]\n  b: B\n  output y: Linear(3)\n}\n"
        "train {\n" + TARGET + "  loss mse(y, t)\n  freeze «b.steam»\n" + REST,
        "E0604", "did you mean `b.stem`?",
    ),
    "freeze of a round that is not there": (
        "net Net {\n  input x: float32[N, 4]\n  l: repeat 2 { h: Linear(4) }\n  output y: Linear(3)\n}\n"
        "train {\n" + TARGET + "  loss mse(y, t)\n  freeze «l[-1].h»\n" + REST,
        "E0604", "did you mean `l[1].h`?",
    ),
    "everything frozen": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  «freeze y»\n" + REST,
        "E0605", "because all 15 parameters",
    ),
    "a loss of inputs alone": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  «loss mean(x)»\n" + REST,
        "E0605", "no parameter reaches it",
    ),
    "a loss behind stop_gradient": (
        NET + "train {\n" + TARGET + "  «loss mse(stop_gradient(y), t)»\n" + REST, "E0605", "teach nothing",
    ),
    "loss of many numbers": (
        NET + "train {\n" + TARGET + "  loss «(y - t) ** 2»\n" + REST, "E0606", "loss mean((y - t) ** 2)",
    ),
    "fixed loss": (
        NET + "train {\n" + TARGET + "  loss «3.5»\n" + REST, "E0606", "a fixed number",
    ),
    "no optimizer": (
        NET + "«train» {\n" + TARGET + "  loss mse(y, t)\n  batch = 2\n}", "E0607", "no optimizer",
    ),
    "no loss": (NET + "«train» {\n" + REST, "E0607", "no loss"),
    "a section that only says what holds for all": (
        NET + "«train» shared {\n  batch = 2\n  steps = 3\n}\ntrain first {\n" + TARGET
        + "  loss mse(y, t)\n  optimizer = SGD(lr=0.1)\n}",
        "E0607", "move its lines into `train first`",
    ),
    "such a section, and the other says the same": (
        NET + "«train» shared {\n  batch = 2\n  steps = 3\n}\ntrain first {\n" + TARGET
        + "  loss mse(y, t)\n" + REST,
        "E0607", "move its lines into `train first`",
    ),
    "such a section behind the other": (
        NET + "train first {\n" + TARGET + "  loss mse(y, t)\n  optimizer = SGD(lr=0.1)\n}\n"
        "«train» shared {\n  batch = 2\n  steps = 3\n}",
        "E0607", "move its lines into `train first`",
    ),
    "plateau without validation": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  schedule = «plateau(factor=0.1)»\n" + REST,
        "E0608", "validation = 0.1",
    ),
    "no batch": (
        NET + "«train» {\n" + TARGET + "  loss mse(y, t)\n  optimizer = SGD(lr=1)\n}", "E0609", "`N` is free",
    ),
    "epochs and steps": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  epochs = 3\n  «steps» = 4\n" + REST,
        "E0610", "not both",
    ),
    "cosine without an end": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  schedule = «cosine»\n" + REST,
        "E0610", "needs the length",
    ),
    "unknown optimizer": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  optimizer = «Adm»(lr=1)\n  batch = 2\n}",
        "E0201", "did you mean `Adam`?",
    ),
    "optimizer without its rate": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  optimizer = «SGD(momentum=0.9)»\n  batch = 2\n}",
        "E0204", "missing its lr",
    ),
    "unknown setting of a group": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  group y («rate»=1)\n" + REST,
        "E0203", "`SGD` has no argument `rate`",
    ),
    "unknown metric": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  metric «acuracy»(y, t)\n" + REST,
        "E0201", "did you mean `accuracy`?",
    ),
    "metric of values that do not fit": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  metric accuracy(y, «t»)\n" + REST, "E0401", "float32",
    ),
    "augmented to another type": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n"
        "  augment x: float32[N, 9] = «relu»\n" + REST,
        "E0617", "let the data be what the net takes",
    ),
    "augmented to another size": (
        PICTURES + "  augment image: uint8[N, 3, 12, 12] = «random_flip»\n}",
        "E0617", "random_crop(8)",
    ),
    "augment of nothing": (
        PICTURES + "  augment «imag»: uint8[N, 3, 12, 12] = random_crop(8)\n}",
        "E0206", "did you mean `image`?",
    ),
    "augmented twice": (
        PICTURES + "  augment image: uint8[N, 3, 8, 8] = random_flip\n"
        "  «augment image: uint8[N, 3, 8, 8] = random_flip»\n}",
        "E0205", "supplied twice",
    ),
    "a precision that there is not": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  precision = «bfloat16»\n" + REST,
        "E0402", "did you mean `float16`?",
    ),
    "a precision by another name": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  precision = «half»\n" + REST,
        "E0402", "precision = float16",
    ),
    "a precision in bits": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  precision = «16»\n" + REST,
        "E0402", "`float32` or `float16`",
    ),
    "mixed precision by another name": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  «amp» = true\n" + REST, "E0603", "precision = float16",
    ),
    "a weight called as the scale of the loss": (
        "net Net {\n" + MLP + "  «loss_scale»: Linear(3)\n}", "E0208", "the name `loss_scale` is reserved",
    ),
    "weights of a layer that are not float32": (
        "net Net {\n  input x: float64[N, 4]\n  output y: «Linear»(3)\n}",
        "E0590", "cast(float32) -> Linear(3)",
    ),
    "an element type without a kernel": (
        "net Net {\n  input x: float64[N, 4]\n  output y = 2 * erf(«x»)\n}",
        "E0590", "output y = 2 * erf(cast(x, float32))",
    ),
    "an element type without a kernel, in a stack": (
        "net Net {\n  input x: float64[N, 4]\n  tanh -> «gelu»\n  output y: tanh\n}",
        "E0590", "tanh -> gelu(approximate=tanh)",
    ),
    "an element type without a kernel, and a setting": (
        "net Net {\n  input x: float64[N, 4, 4]\n  output y = avg_pool(«tanh(x)», 2)\n}",
        "E0590", "avg_pool(cast(tanh(x), float32), 2)",
    ),
    "a weight that is not float32": (
        "net Net {\n  input x: float64[N, 4]\n  param w: «float64[4]» = ones\n  output y = x * w\n}",
        "E0590", "weights of float64",
    ),
    "input drawn from nothing": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  x = «norml(std=1)»\n" + REST,
        "E0402", "did you mean `normal`?",
    ),
    "input of another type": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  x = «randint(0, 9)»\n" + REST,
        "E0401", "draws int64",
    ),
    "random numbers without a range": (
        NET + "train {\n" + TARGET + "  loss mse(y, t)\n  x = uniform(«2», 1)\n" + REST, "E0406", "less than",
    ),
    "kernel larger than the size of training": (
        "net Net {\n  input x: float32[N, 2, T]\n  h: «Conv(2, 7)» -> relu\n"
        "  output y: global_avg_pool -> Linear(3)\n}\ntrain {\n" + TARGET + "  loss mse(y, t)\n  T = 5\n" + REST,
        "E0304", "with N = 2, T = 5 this works on [2, 2, 5]",
    ),
    "sections without a name": (
        NET + "train a {\n" + TARGET + "  loss mse(y, t)\n" + REST
        + "\n«train» {\n  target u: float32[N, 3]\n  loss l1(y, u)\n  optimizer = SGD(lr=0.1)\n}",
        "E0619", "each needs a name",
    ),
    "two sections of one name": (
        NET + "train a {\n" + TARGET + "  loss mse(y, t)\n" + REST
        + "\ntrain «a» {\n  loss mean(y)\n  optimizer = SGD(lr=0.1)\n}",
        "E0205", "two train sections",
    ),
    "the first section every few steps": (
        NET + "train a {\n" + TARGET + "  loss mse(y, t)\n  «every = 2 steps»\n" + REST,
        "E0619", "takes every step",
    ),
    "a group that breaks a rule of the optimizer": (
        "net Net {\n" + MLP + "  output y: Linear(5)\n}\ntrain {\n  loss sum(y)\n  optimizer = SGD(lr=0.1)\n"
        "  «group bias (nesterov=true)»\n  batch = 4\n  epochs = 1\n}",
        "E0406", "nesterov needs a momentum above 0",
    ),
}  # fmt: skip

BLOCKS = "block Good { relu }\nnet Other { input z: float32[2]\n relu }"

IMPORTS: dict[str, tuple[str, str, str]] = {
    "misspelled": (
        'import «Godo» from "lib.net"\nnet Net { input x: float32[2]\n Godo }', "E0701", "did you mean `Good`?",
    ),
    "no such file": (
        'import Good from «"none.net"»\nnet Net { input x: float32[2]\n Good }', "E0702", "no such file",
    ),
    "cycle": (
        'import A from «"circle.net"»\nnet Net { input x: float32[2]\n A }',
        "E0703", "spec.net -> circle.net -> spec.net",
    ),
    "absolute path": (
        'import Good from «"/lib.net"»\nnet Net { input x: float32[2]\n Good }', "E0704", "absolute path",
    ),
    "a drive": (
        'import Good from «"C:/lib.net"»\nnet Net { input x: float32[2]\n Good }', "E0704", "absolute path",
    ),
    "path out of the folder": (
        'import Good from «"../lib.net"»\nnet Net { input x: float32[2]\n Good }', "E0704", "leads out",
    ),
    "path out of the folder by a detour": (
        'import Good from «"sub/../../lib.net"»\nnet Net { input x: float32[2]\n Good }', "E0704", "leads out",
    ),
    "home folder": (
        'import Good from «"~/lib.net"»\nnet Net { input x: float32[2]\n Good }', "E0704", "home folder",
    ),
}  # fmt: skip

FILES = {
    "lib.net": BLOCKS,
    "circle.net": 'import Net from "spec.net"\nblock A { relu }',
    "sub/inner.net": 'import Good from "../lib.net"\nblock Inner { Good }',
    "sub/outer.net": 'import Good from "../../lib.net"\nblock Inner { relu }',
}
