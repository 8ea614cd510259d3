"""What a file becomes: name -> (before, after)."""

CASES = {
    "spaces and indentation": (
        "net  A( k = 3 ){\n      input x:float32 [ N,3 ]\n  y : Conv( 8,k )->relu\n}",
        "net A(k=3) {\n  input x: float32[N, 3]\n  y: Conv(8, k) -> relu\n}\n",
    ),
    "labels are aligned up to the blank line": (
        "net A {\n  a: f\n  g\n  long: f\n\n  b: f\n}\n",
        "net A {\n  a:    f\n  g\n  long: f\n\n  b: f\n}\n",
    ),
    "checks are aligned up to the blank line": (
        "net A {\n  f -> [N]\n  g\n  long_name -> [N, 2]\n\n  h -> [N]\n}\n",
        "net A {\n  f           -> [N]\n  g\n  long_name   -> [N, 2]\n\n  h   -> [N]\n}\n",
    ),
    "checks that stand in one column stay there, and others join them": (
        "net A {\n  f         -> [N]\n  gg        -> [N]\n  h -> [N]\n}\n",
        "net A {\n  f         -> [N]\n  gg        -> [N]\n  h         -> [N]\n}\n",
    ),
    "names of declarations are aligned, neighbours only": (
        "net A {\n  input a: float32[N]\n  param bcd: float32[2] = zeros\n  x\n  input e: float32[N]\n}\n",
        "net A {\n  input a:   float32[N]\n  param bcd: float32[2] = zeros\n  x\n  input e: float32[N]\n}\n",
    ),
    "a column of numbers that was begun is gone on with": (
        "net A {\n  f( 8, 1) -> [N,  8, 2]\n  f(16, 2) -> [N, 16, 2]\n  f(256, 3) -> [N, 256, 2]\n}\n",
        "net A {\n  f(  8, 1)   -> [N,   8, 2]\n  f( 16, 2)   -> [N,  16, 2]\n  f(256, 3)   -> [N, 256, 2]\n}\n",
    ),
    "one that was not begun is not": (
        "net A {\n  f(8) -> [N, 8]\n  f(16) -> [N, 16]\n}\n",
        "net A {\n  f(8)    -> [N, 8]\n  f(16)   -> [N, 16]\n}\n",
    ),
    "inner arrows, where begun": (
        "net A {\n  f(1)   -> g\n  f(1, k=2) -> g\n}\n",
        "net A {\n  f(1)      -> g\n  f(1, k=2) -> g\n}\n",
    ),
    "signs of equality, where begun": (
        "net A {\n  a  = f\n  long = g\n\n  b = f\n  cd = g\n}\n",
        "net A {\n  a    = f\n  long = g\n\n  b = f\n  cd = g\n}\n",
    ),
    "weights of losses, where begun": (
        "train {\n  loss   f(x)\n  loss 0.25 * g(x)\n}\n",
        "train {\n  loss        f(x)\n  loss 0.25 * g(x)\n}\n",
    ),
    "comments": (
        "# head\n\nnet A { # open\n# own\n      f  # first\n  longer # second\n\n\n  # before the end\n}\n# tail",
        "# head\n\nnet A {  # open\n  # own\n  f       # first\n  longer  # second\n\n  # before the end\n}\n# tail\n",
    ),
    "comments in brackets and rows": (
        "net A {\n  f(1, # one\n  2 # two\n  ) # f\n  -> g # why\n  # and how\n  -> h\n}\n",
        "net A {\n  f(\n    1,  # one\n    2,  # two\n  )  # f\n      -> g  # why\n      # and how\n      -> h\n}\n",
    ),
    "comments around branches": (
        "net A {\n  add { # merge\n  # first\n  | f # one\n  # second\n  |\n  # none\n  }\n}\n",
        "net A {\n  add {  # merge\n    # first\n    | f  # one\n    # second\n    |\n    # none\n  }\n}\n",
    ),
    "a body of one row stays on its line": (
        "block A { f -> g }\nnet B {\n  repeat 3 {f}\n  repeat 3 {\n  f }\n  max {| f|g }\n  repeat 2 {\n  }\n}\n",
        "block A { f -> g }\n\nnet B {\n  repeat 3 { f }\n  repeat 3 {\n    f\n  }\n"
        "  max { | f | g }\n  repeat 2 { }\n}\n",
    ),
    "blank lines": (
        "import A from \"a.net\"\ndefault f(x=1)\nnet B {\n\n  f\n\n\n\n  g\n\n}\n# about C\nblock C { f }\n",
        "import A from \"a.net\"\ndefault f(x=1)\n\nnet B {\n  f\n\n  g\n}\n\n# about C\nblock C { f }\n",
    ),
    "arithmetic left of an arrow": (
        "net A {\n  y = a*b+c -> f\n  -a -> f\n  (a + b) -> f\n  z = sqrt(u * u -> f)\n}\n",
        "net A {\n  y = (a*b + c) -> f\n  (-a) -> f\n  (a + b) -> f\n  z = sqrt((u * u) -> f)\n}\n",
    ),
    "operators": (
        "net A {\n  y = a-  -b**2*4*w // k@c   and  not x [ : , -1 ]\n  z = x[:,:,1:3]\n}\n",
        "net A {\n  y = a - -b**2*4*w // k @ c and not x[:, -1]\n  z = x[:, :, 1:3]\n}\n",
    ),
    "branches below the first row": (
        "net A {\n  add {\n  | f\n  g\n  | if a { h } else { i }\n  }\n  -> relu\n}\n",
        "net A {\n  add {\n    | f\n      g\n    | if a { h } else { i }\n  }\n      -> relu\n}\n",
    ),
    "line ends in front of arrows stay": (
        "net A {\n  x -> f\n    -> g -> h\n}\n",
        "net A {\n  x -> f\n      -> g -> h\n}\n",
    ),
    "a list that ends with a comma and a line end stays on several lines": (
        "net A {\n  f(a,\n  k=2,\n  )\n  g([1, 2,],)\n}\n",
        "net A {\n  f(\n    a,\n    k=2,\n  )\n  g([1, 2])\n}\n",
    ),
    "arguments of freeze and group": (
        "train {\n  freeze a.b[ 0 ],c\n  group bias,BatchNorm( lr=1 )\n}\n",
        "train {\n  freeze a.b[0], c\n  group bias, BatchNorm (lr=1)\n}\n",
    ),
    "the head of a scan": (
        "net A {\n  y = scan x in xs,h=zeros([N]) { output n=x+h }\n  f(scan x in xs,h=0 { g },2)\n}\n",
        "net A {\n  y = scan x in xs, h = zeros([N]) { output n = x + h }\n  f(scan x in xs, h = 0 { g }, 2)\n}\n",
    ),
    "nothing": ("\n\n", ""),
}  # fmt: skip

LONG = "a_layer_with_a_name(argument=1, another=2)"
BROKEN = {
    "a long row is broken before arrows": (
        f"net A {{\n  {' -> '.join([LONG] * 4)}   -> [N]\n}}\n",
        f"net A {{\n  {LONG} -> {LONG}\n      -> {LONG} -> {LONG} -> [N]\n}}\n",
    ),
    "a long call is broken at its commas": (
        f"net A {{\n  x = f({', '.join([LONG] * 3)})\n}}\n",
        "net A {\n  x = f(\n" + f"    {LONG},\n" * 3 + "  )\n}\n",
    ),
    "numbers fill the lines": (
        f"net A(k=[{', '.join(['1000000'] * 16)}]) {{ }}\n",
        "net A(\n  k=[\n    "
        + ", ".join(["1000000"] * 13)
        + ",\n    "
        + ", ".join(["1000000"] * 3)
        + ",\n  ],\n) { }\n",
    ),
    "a long header": (
        f"block A(x: [N, C], {', '.join(f'hyper_parameter_{i}=1' for i in range(6))}) {{ f }}\n",
        "block A(\n  x: [N, C],\n"
        + "".join(f"  hyper_parameter_{i}=1,\n" for i in range(6))
        + ") { f }\n",
    ),
    "long arithmetic is broken behind an operator": (
        f"net A {{\n  x = {LONG} + {LONG} + {LONG}\n}}\n",
        f"net A {{\n  x = {LONG} + {LONG} +\n      {LONG}\n}}\n",
    ),
    "a body of one row that is too long": (
        f"net A {{\n  repeat 3 {{ {LONG} -> {LONG} -> an_end_for_the_row }}\n}}\n",
        f"net A {{\n  repeat 3 {{\n    {LONG} -> {LONG} -> an_end_for_the_row\n  }}\n}}\n",
    ),
    "a begun column that does not fit is given up": (
        f"net A {{\n  f(   1) -> {LONG}  -> {LONG} -> {'g' * 17}\n  f(1000) -> {LONG}\n}}\n",
        f"net A {{\n  f(1) -> {LONG} -> {LONG} -> {'g' * 17}\n  f(1000) -> {LONG}\n}}\n",
    ),
}
