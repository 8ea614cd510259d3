"""Small specs that together use every operator the language can emit on a gradient's way."""

from __future__ import annotations

from collections.abc import Mapping

SPECS: Mapping[str, str] = {
    "mlp": """
net MLP(hidden=5) {
  input x: float32[N, 7]
  h1: Linear(hidden) -> tanh
  h2: Linear(hidden) -> sigmoid -> Dropout(0.3)
  output logits: Linear(3)
}
train {
  target label: int64[N]
  loss cross_entropy(logits, label)
  loss penalty = 1e-2 * sum(logits * logits)
  metric accuracy(logits, label)
  optimizer = SGD(lr=0.1, momentum=0.9, nesterov=true, weight_decay=1e-3)
  schedule = cosine(warmup=4 steps)
  clip_grad_norm = 0.5
  ema = 0.9
  batch = 4
  epochs = 2
}
""",
    "lenet": """
net LeNet(classes=4) {
  input image: uint8[N, 1, 12, 12]
  cast(float32) -> mul(1/255) -> pad(2)
  c1: Conv(3, 5x5) -> tanh -> avg_pool(2x2)
  c3: Conv(5, 3x3) -> tanh -> avg_pool(2x2) -> flatten
  f6: Linear(6) -> tanh
  output logits: Linear(classes)
}
train {
  target digit: int64[N]
  loss cross_entropy(logits, digit)
  metric accuracy(logits, digit)
  optimizer = Adam(lr=1e-2)
  schedule = step(every=2 epochs, gamma=0.5)
  batch = 3
  epochs = 4
}
""",
    "padded pools": """
net Pools {
  input image: float32[N, 2, 6, 6]
  below = -1 - relu(image)
  output highest = below -> pad(1) -> max_pool(2x2)
  output level = below -> pad(2) -> avg_pool(2x2)
  output filtered = below -> pad(2) -> Conv(3, 2x2)
}
""",
    "recurrent": """
net Tagger(hidden=4) {
  input x: float32[N, T, 5]
  input steps: int64[N]
  rows: x -> LSTM(hidden, lengths=steps, bidirectional=true, layers=2, dropout=0.3)   -> [N, T, 8]
  y, h: GRU(6, lengths=steps, return_state=true)
  rest: y -> RNN(4, nonlinearity=relu, initial_h=h[:, :4])
  output tags: Linear(3)
  output last = h
}
train {
  target tag: int64[N, T]
  loss cross_entropy(tags, tag)
  optimizer = SGD(lr=0.1)
  freeze rest
  batch = 3
  T = 6
  epochs = 2
}
""",
    "activations": """
net Activations(width=6) {
  input x: float32[N, 5]
  add {
    | Linear(width) -> relu6
    | Linear(width) -> hardtanh(min_val=-0.5)
    | Linear(width) -> hardsigmoid
    | Linear(width) -> hardswish
    | Linear(width) -> selu
    | Linear(width) -> celu(0.5)
    | Linear(width) -> PReLU
    | Linear(width) -> PReLU(per_channel=true)
    | Linear(2*width) -> glu
    | Linear(width) -> mish
    | Linear(width) -> softsign
    | Linear(width) -> log_sigmoid
  }
  output y: Linear(2)
  output fires = step(y)
}
train {
  target t: float32[N, 2]
  loss mse(y, t)
  optimizer = SGD(lr=0.1)
  batch = 4
}
""",
    "normalised": """
net Normalised(groups=2) {
  input image: float32[N, 2, 6, 5]
  GaussianNoise(0.1) -> Conv(4, 3x3) -> GroupNorm(groups) -> relu
  Conv(4, 1x1, bias=false) -> InstanceNorm(affine=true) -> tanh -> SpatialDropout(0.3)
  LayerNorm(axis=1) -> LayerNorm(axis=[1, 2, 3], bias=false) -> flatten
  Linear(6) -> RMSNorm -> GaussianDropout(0.2)
  output direction: Linear(3) -> l2_normalize
}
train {
  target t: float32[N, 3]
  loss mse(direction, t)
  optimizer = SGD(lr=0.1, momentum=0.9)
  batch = 3
}
""",
    "words": """
net Words(words=7, dim=4) {
  input text: int64[N, T]
  layer embed = Embedding(words, dim, padding_idx=0, init=normal(std=0.5))
  embed(text) -> LayerNorm(elementwise_affine=false) -> Linear(dim) -> tanh
  output next: matmul(transpose(embed.weight))
}
train {
  target word: int64[N, T]
  loss cross_entropy(next, word)
  optimizer = Adam(lr=1e-2)
  batch = 3
  T = 4
}
""",
    "scan": """
block Two(x: [N, F], k) {
  output a = x -> Linear(k) -> tanh
  output b = a * 2
}
net Scans(hidden=5) {
  input text: int64[N, T]
  input other: float32[N, 3]
  layer shared = Linear(hidden)
  w: other -> shared
  seen, count, extra: scan word in text, h = zeros([N, hidden]), n = zeros([N]) {
    e: one_hot(word, 9)
    both = concat(e, h)
    a, b: both -> Two(hidden)
    t: a + w -> Dropout(0.3)
    output next = t + shared(other) + b
    output m = n + 1
    output also = next
  }
  inner = scan x in seen, h2 = w {
    row = stack(x, h2, axis=1)
    deep: scan y in row, c = x { c * y }
    output next_h = sum(deep, axis=1) -> tanh
    output last = w
  }
  output y = add(seen, extra) + inner
  output count
}
train {
  target t: float32[N, T, 5]
  loss mse(y, t)
  optimizer = SGD(lr=0.1)
  freeze shared
  batch = 3
  T = 4
  epochs = 2
}
""",
    "residual": """
default Conv(bias=false, init=kaiming_normal(mode=fan_out))
block ConvBN(channels, k, stride=1) { Conv(channels, k, stride=stride, padding=k // 2) -> BatchNorm }
block Basic(x: [N, C, H, W], width, stride=1) {
  add {
    | ConvBN(width, 3x3, stride=stride) -> relu -> ConvBN(width, 3x3)
    | if stride != 1 or C != width { ConvBN(width, 1x1, stride=stride) }
  } -> relu
}
net ResNet {
  input image: float32[N, 3, 9, 9]
  stem: ConvBN(4, 3x3) -> relu -> max_pool(3x3, stride=2, padding=1)
  stage1: Basic(4)
  stage2: Basic(6, stride=2)
  output logits: global_avg_pool -> Linear(3)
}
train {
  target label: int64[N]
  loss cross_entropy(logits, label)
  optimizer = SGD(lr=0.1, momentum=0.9, weight_decay=1e-4)
  schedule = plateau(factor=0.5, patience=2 epochs)
  validation = 0.1
  freeze stem
  group stage2 (lr=1e-3)
  batch = 3
  epochs = 4
}
""",
    "inception": """
net Inception {
  input image: float32[N, 4, 8, 8]
  stem: Conv(6, 3x3, padding=1, groups=2, dilation=1) -> relu -> lrn(5)
  concat {
    | Conv(2, 1x1) -> relu
    | Conv(2, 1x1) -> Conv(3, 3x3, padding=1) -> relu
    | max_pool(3x3, stride=1, padding=1) -> Conv(2, 1x1)
  }
  tap: max_pool(3x3, stride=2, ceil_mode=true)
  output logits: global_avg_pool -> Dropout(0.4) -> Linear(3)
  aux = tap -> avg_pool(2x2, stride=2) -> flatten -> Linear(3)
}
train {
  target label: int64[N]
  loss main = cross_entropy(logits, label)
  loss aux = 0.3 * cross_entropy(aux, label)
  optimizer = SGD(lr=0.1)
  batch = 2
  epochs = 1
}
""",
    "arithmetic": """
net Arithmetic {
  input x: float32[N, 6]
  param a: float32[6] = uniform(0.5, 1.5)
  param b: float32[6] = uniform(0.5, 1.5)
  u = exp(0.1 * x) * a - b / (1 + x * x)
  v = log(1 + u * u) + sqrt(1 + a * a) + abs(x - b) ** 1.5
  w = maximum(u, v) + minimum(u, b) + where(x > 0, u, v)
  s = leaky_relu(w) + elu(u) + softplus(v) + gelu(w) + silu(u) + erf(v) + sin(u) + cos(v)
  t = reciprocal(2 + u * u) + clip(x, -1, 1) - (-u) + relu(v)
  output y = s * softmax(t) + log_softmax(u)
}
""",
    "shapes": """
net Shapes {
  input x: float32[N, 4, 6]
  param w: float32[6, 3] = normal(std=0.5)
  h = x @ w -> [N, 4, 3]
  g = transpose(h, [0, 2, 1]) -> reshape([N, 12]) -> [N, 12]
  k = concat(h, x, axis=2) -> sum(axis=2) -> [N, 4]
  m = max(x, axis=1) + min(x, axis=1) + mean(x, axis=1) + prod(x, axis=1) -> [N, 6]
  l = logsumexp(x, axis=2) + norm(x, axis=2) + var(x, axis=2) -> [N, 4]
  p = pad(x, [0, 1, 0, 1]) -> tile([1, 1, 2]) -> mean(axis=2)
  q = x[:, 1:3, -1] -> unsqueeze(1) -> squeeze(1)
  e = einsum("ntf,nsf->nts", x, x) -> mean(axis=2)
  r = cast(x, float64) -> cast(float32) -> mean(axis=2, keepdims=true) -> expand([N, 4, 3]) -> sum(axis=2)
  o = stack(k, l, axis=1) -> max(axis=1)
  i = x[:, 1] % 0.7
  output a = g
  output j = r + o + mean(i, axis=1, keepdims=true)
  output b = k + l + p * 0.1 + e
  output c = m
  output d = q
}
""",
    "parts": """
net Parts {
  input x: float32[N, 6, 5, 5]
  c: Conv(4, 3x3)
  a, b: split(2)
  f, g, h = x -> split([1, 2, 3])
  best, places = topk(a, 2, axis=3)
  w = where(a > 0 and not (b < a) or a == b, a, b) -> cumsum(2, reverse=true)
  m = min(a, b) + min { | a | b -> cumsum(1, exclusive=true) }
  output y = concat(a * b, crop(x, c), crop(f, 3x3, offset=[0, 2]), m, w)
  output s = mean(best) + mean(std(g, axis=[2, 3])) + mean(h * h)
}
""",
    "figures": """
net Figures {
  input x: float32[N, 3, 4, 5]
  output scores: Conv(4, 3x3, padding=1)
  output size: x -> flatten -> Linear(1)
}
train {
  target label: int64[N, 4, 5]
  target t: float32[N, 1]
  loss cross_entropy(scores, label, axis=1, ignore_index=3)
  loss mse(size, t)
  metric mean_iou(scores, label, axis=1, ignore_index=3)
  metric perplexity(scores, label, axis=1)
  metric top = accuracy(scores, label, axis=1, k=2)
  metric mae(size, t)
  metric rmse(size, t)
  metric r2(size, t)
  metric f1(size, t, average=binary, threshold=0.25)
  optimizer = SGD(lr=0.1)
  batch = 5
  epochs = 1
}
""",
    "steps": """
net Steps {
  input words: float32[N, T, 4]
  output y = words * unsqueeze(cast(range(T), float32), 1)
}
""",
    "sums": """
net Sums {
  input x: float32[N, 7]
  output logits: Linear(3)
}
train {
  target label: int64[N]
  loss sums = 0.1 * cross_entropy(logits, label, reduction=sum, ignore_index=0)
  loss means = cross_entropy(logits, label, ignore_index=1)
  metric confusion_matrix(logits, label)
  metric precision(logits, label)
  metric recall(logits, label, average=micro)
  metric f1(logits[:, 0], label == 1, average=binary)
  optimizer = SGD(lr=0.1)
  batch = 4
  epochs = 2
}
""",
    "losses": """
net Losses {
  input x: float32[N, 6]
  input z: float32[N, 6]
  layer embed = Linear(5)
  a = embed(x)
  b = embed(z)
  output scores: x -> Linear(3)
}
train {
  target label, different: int64[N]
  target t: float32[N, 3]
  loss hinge(scores, label, p=2)
  loss sums = 0.1 * hinge(scores, label, weight=[1, 2, 0.5], reduction=sum)
  loss cosine(a, b)
  loss signed = cosine(a, b, different, margin=-0.5)
  loss contrastive(a, b, different, margin=4)
  loss triplet(a, b, b[:, :] * 0.5, margin=3)
  loss dice(sigmoid(scores), t)
  loss kl_div(log_softmax(scores), softmax(t))
  loss smooth_l1(scores, t, beta=0.5)
  loss bce_with_logits(scores, sigmoid(t), pos_weight=[1, 2, 3])
  loss mean(mse(scores, t, reduction=none))
  optimizer = SGD(lr=0.1)
  batch = 5
  epochs = 2
}
""",
    "scalars": """
net Neuron {
  input x: float32[N, 2]
  input z: float32[]
  param w: float32[2] = [2.0, -3.0]
  param b: float32[] = -3.0
  output y = z / (1 + exp(-(x @ w + b)))
}
train {
  target t: float32[N]
  loss data = mean((y - t)**2)
  loss penalty = 5e-4 * sum(w * w) + 0.1 * b * b
  optimizer = SGD(lr=0.1)
  batch = 16
  epochs = 1
}
""",
    "transposed": """
net Enlarge {
  input image: float32[N, 2, 4, 5]
  param up: float32[3, 1, 2, 2] = normal(std=0.5)
  d1: ConvTranspose(6, 3x3, stride=2, padding=1, output_padding=[0, 1], groups=2) -> relu   -> [N, 6, 7, 10]
  d2: ConvTranspose(3, 3x2, padding=[1, 0, 0, 2], dilation=2x1, bias=false) -> tanh         -> [N, 3, 10, 9]
  output y: conv_transpose(up, stride=2)                                                   -> [N, 1, 20, 18]
}
""",
    "local": """
net Local {
  input face: float32[N, 2, 9, 8]
  l1: LocallyConnected(3, 3x2, stride=2x1, padding=[1, 0, 0, 1], init=kaiming_normal) -> relu   -> [N, 3, 4, 8]
  l2: LocallyConnected(2, 3x3, bias=false) -> flatten -> tanh                                 -> [N, 24]
  output logits: Linear(3)
}
train {
  target label: int64[N]
  loss cross_entropy(logits, label)
  optimizer = SGD(lr=0.1, momentum=0.9)
  batch = 3
  epochs = 1
}
""",
    "causal": """
net Causal {
  input x: float32[N, 3, 9]
  c1: Conv(4, 3, padding=causal, dilation=2) -> relu  -> [N, 4, 9]
  param k: float32[4, 4, 2] = normal(std=0.5)
  c2: conv(k, padding=causal) -> tanh                 -> [N, 4, 9]
  output y: Conv(2, 2, padding=causal, stride=2)      -> [N, 2, 5]
}
""",
    "penalty": """
net Critic {
  input real, fake: float32[N, 1, 6, 6]
  input share: float32[N, 1, 1, 1]
  layer first = Conv(3, 3x3, padding=1)
  layer last = Linear(1)
  layer drop = Dropout(0.2)
  mixed = share * real + (1 - share) * fake
  output score = real -> first -> leaky_relu(0.2) -> flatten -> drop -> last
  output fooled = fake -> first -> leaky_relu(0.2) -> flatten -> drop -> last
  between = mixed -> first -> leaky_relu(0.2) -> flatten -> drop -> last
  slope = grad(between, mixed)
  length = sqrt(sum(slope * slope, axis=[1, 2, 3]) + 1e-12)
}
train {
  loss mean(fooled) - mean(score)
  loss penalty = 10 * mean((length - 1)**2)
  optimizer = Adam(lr=1e-3)
  batch = 5
  steps = 10
}
""",
    "physics": """
net Heat(conductivity=0.5) {
  input x, t: float32[N, 1]
  h: concat(x, t) -> Linear(6) -> tanh
  output u: Linear(1)
  residual = grad(u, t) - conductivity * grad(grad(u, x), x)
}
train {
  target known: float32[N, 1]
  loss mse(u, known)
  loss physics = mean(residual**2)
  optimizer = SGD(lr=0.1)
  clip_grad_norm = 1
  batch = 6
  steps = 10
}
""",
    "augmented": """
net Pictures(classes=3) {
  input image: uint8[N, 2, 6, 5]
  cast(float32) -> mul(1/255)
  c1: Conv(3, 3x3) -> tanh -> flatten
  output scores: Linear(classes)
}
train {
  target label: int64[N]
  loss cross_entropy(scores, label)
  metric accuracy(scores, label)
  augment image: uint8[N, 2, 8, 7] = random_flip -> random_affine(degrees=20, translate=0.1) -> random_crop(6x5)
  optimizer = SGD(lr=0.1)
  batch = 4
}
""",
    "drawn": """
net Encoder(code=2) {
  input x: float32[N, 5]
  input noise: float32[N, code]
  input level: int64[N]
  h = x -> Linear(4) -> tanh
  mu = h -> Linear(code)
  spread = h -> Linear(code)
  z = mu + exp(0.5*spread) * noise * cast(unsqueeze(level, 1), float32)
  output back: z -> Linear(5)
}
train {
  loss mse(back, x)
  loss 0.01 * mean(exp(spread) + mu*mu - 1 - spread)
  noise = normal(std=0.5)
  level = randint(1, 4)
  optimizer = Adam(lr=1e-3)
  batch = 4
}
""",
    "outputs that are computed by nothing": """
net Shown {
  input x: float32[N, 3]
  param scale: float32[3] = ones
  h: Linear(4)
  output y: Linear(2)
  output x, scale
  output first = h.weight
}
train {
  target t: float32[N, 2]
  loss mse(y, t)
  optimizer = SGD(lr=0.1)
  batch = 4
}
""",
    "augmented floats": """
net Noisy {
  input image: float32[N, 1, 6, 6]
  Conv(3, 3x3) -> relu -> flatten
  output y: Linear(2)
}
train {
  target t: float32[N, 2]
  augment image: float32[N, 1, 8, 8] = random_noise(0.1) -> random_crop(6)
  loss mse(y, t)
  optimizer = SGD(lr=0.1)
  batch = 3
}
""",
    "cancelling": """
block Score(x: [N, C]) { Linear(5) -> tanh -> Linear(1) }
net Critic {
  input real, fake: float32[N, 6]
  layer score = Score
  genuine = score(real)
  fooled = score(fake)
  output genuine
}
train {
  loss mean(fooled + 100) - mean(genuine + 100)
  optimizer = Adam(lr=1e-4)
  batch = 4
}
""",
    "losses of another precision": """
net Double {
  input x: float32[N, 4]
  h: Linear(3)
  output y: cast(float64)
}
train {
  target t: float64[N, 3]
  target digit: int32[N]
  loss mse(y, t)
  loss cross_entropy(y, digit)
  loss mean(h ** 2)
  metric r2(y, t)
  metric accuracy(y, digit)
  optimizer = SGD(lr=0.1)
  batch = 4
}
""",
    "halves": """
net Half {
  input image: float32[N, 2, 8, 8]
  Conv(4, 3x3) -> cast(float16) -> relu -> max_pool(3x3, stride=1) -> tanh -> cast(float32) -> flatten
  h: Linear(5)
  output scores: cast(float16)
}
train {
  target t: int64[N]
  loss cross_entropy(scores, t)
  loss mean(h ** 2)
  metric accuracy(scores, t)
  optimizer = Adam(lr=0.01)
  batch = 4
}
""",
    "statistics of halves whose squares are none": """
net Statistics {
  input image: float32[N, 2, 8, 8]
  large = cast(image * 3000, float16) -> InstanceNorm
  small = cast(image * 1e-4, float16) -> l2_normalize(axis=1)
  cast(concat(large, small, axis=1), float32) -> Conv(4, 3x3) -> tanh -> flatten
  output scores: Linear(5)
}
train {
  target t: int64[N]
  loss cross_entropy(scores, t)
  optimizer = SGD(lr=0.01)
  batch = 4
}
""",
    "equal elements, whose sums are rounded the same way again and again": """
net Equal {
  input x: float32[N, 3, 96, 96]
  output score: Conv(7, 1x1, init=zeros)
}
train {
  target t: float32[N, 7, 96, 96]
  loss mse(score + 0.3, zeros([N, 7, 96, 96]))
  loss mean(sigmoid(score + 0.3))
  loss l1(score, t, reduction=sum)
  optimizer = SGD(lr=0.1)
  batch = 8
}
""",
    "mixed precision": """
block Residual(x: [N, C, H, W]) {
  add {
    | Conv(C, 3x3, padding=1, bias=false) -> BatchNorm -> relu -> Conv(C, 3x3, padding=1, bias=false) -> BatchNorm
    | identity
  }
  relu
}
net Mixed {
  input image: uint8[N, 2, 9, 9]
  cast(float32) -> mul(1/255) -> Conv(4, 3x3) -> relu
  Residual
  max_pool(2x2) -> Residual -> Dropout(0.2) -> global_avg_pool
  output scores: Linear(5)
}
train {
  target t: int64[N]
  loss cross_entropy(scores, t, label_smoothing=0.1)
  metric accuracy(scores, t)
  optimizer = AdamW(lr=0.01)
  clip_grad_norm = 0.5
  ema = 0.9
  batch = 6
  precision = float16
}
""",
    "mixed precision in sequences": """
net MixedSequences {
  input text: int64[N, T]
  embedded: Embedding(11, 8) -> LayerNorm
  hidden: LSTM(8)
  query: Linear(8)
  scores = (query @ transpose(embedded, [0, 2, 1])) / 3
  mixed = softmax(scores) @ hidden
  output y: embedded + mixed -> RMSNorm -> gelu -> Linear(11)
}
train {
  target t: int64[N, T]
  loss cross_entropy(y, t)
  optimizer = SGD(lr=0.1, momentum=0.9)
  accumulate = 3
  schedule = plateau
  validation = 0.1
  T = 4
  batch = 3
  precision = float16
}
""",
}
