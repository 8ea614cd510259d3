"""The rows of tests/std/cases.py in PyTorch: its own modules, with the weights of the compiled net copied into them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

Weights = Mapping[str, Tensor]
"""The weights of the net without the `y.` in front."""

Twin = Callable[[Weights, Mapping[str, Tensor]], Tensor]
"""The weights and the inputs of a net -> its output y."""


def called(module: nn.Module, state: Weights, *values: Tensor, **options: Any) -> Tensor:
    """Call a module with weights that stay differentiable."""
    found = functional_call(module.double(), dict(state), values, options, strict=True)
    result: Tensor = found[0] if isinstance(found, tuple) else found
    return result


def below(weights: Weights, path: str) -> dict[str, Tensor]:
    """Return the weights inside a part of a net."""
    return {n.removeprefix(path): w for n, w in weights.items() if n.startswith(path)}


# ---- attention


def joined(w: Weights, kind: str) -> Tensor:
    return torch.cat([w[f"{name}_proj.{kind}"] for name in "qkv"])


def attention_state(w: Weights, front: str = "") -> dict[str, Tensor]:
    """Return the weights of `MultiheadAttention` as `nn.MultiheadAttention` holds them."""
    state = {"out_proj.weight": w["out_proj.weight"]}
    if "q_proj.bias" in w:
        state |= {"out_proj.bias": w["out_proj.bias"], "in_proj_bias": joined(w, "bias")}
    if w["q_proj.weight"].shape == w["k_proj.weight"].shape == w["v_proj.weight"].shape:
        state["in_proj_weight"] = joined(w, "weight")
    else:
        state |= {f"{name}_proj_weight": w[f"{name}_proj.weight"] for name in "qkv"}
    return {front + name: weight for name, weight in state.items()}


def attention(heads: int, causal: bool = False) -> Twin:
    def twin(w: Weights, inputs: Mapping[str, Tensor]) -> Tensor:
        query = inputs["x"]
        key = inputs.get("memory", query)
        value = inputs.get("content", key)
        module = nn.MultiheadAttention(
            query.shape[-1],
            heads,
            bias="q_proj.bias" in w,
            kdim=key.shape[-1],
            vdim=value.shape[-1],
            batch_first=True,
        )
        hidden = hidden_of(inputs, query.shape[1], key.shape[1], heads, causal)
        return called(module, attention_state(w), query, key, value, attn_mask=hidden)

    return twin


def earlier(length: int, size: int | None = None) -> Tensor:
    return torch.ones(length, size or length).tril().bool()


def hidden_of(
    inputs: Mapping[str, Tensor], length: int, size: int, heads: int, causal: bool
) -> Tensor:
    """Return where a query may not look, for each sample and head: [N * heads, T, S]."""
    seen = earlier(length, size) if causal else torch.ones(length, size).bool()
    seen = seen.expand(len(inputs["x"]), length, size)
    if "seen" in inputs:
        seen = seen & inputs["seen"]
    if "lengths" in inputs:
        seen = seen & (torch.arange(size) < inputs["lengths"][:, None, None])
    return ~seen.repeat_interleave(heads, 0)


# ---- transformers


def layer_state(w: Weights) -> dict[str, Tensor]:
    state = below(w, "feed_forward.") | {n: x for n, x in w.items() if n.startswith("norm")}
    state |= attention_state(below(w, "self_attention."), "self_attn.")
    if "cross_attention.q_proj.weight" in w:
        state |= attention_state(below(w, "cross_attention."), "multihead_attn.")
    return state


def block(heads: int, causal: bool = False, hidden: int = 24, **settings: Any) -> Twin:
    def twin(w: Weights, inputs: Mapping[str, Tensor]) -> Tensor:
        x = inputs["x"]
        options = {"activation": "gelu", "norm_first": True, **settings}
        module = nn.TransformerEncoderLayer(
            x.shape[-1], heads, hidden, 0, batch_first=True, **options
        )
        mask = hidden_of(inputs, x.shape[1], x.shape[1], heads, causal)
        return called(module, layer_state(w), x, src_mask=mask)

    return twin


def decoder(heads: int, causal: bool = True, **settings: Any) -> Twin:
    def twin(w: Weights, inputs: Mapping[str, Tensor]) -> Tensor:
        x, memory = inputs["x"], inputs["memory"]
        options = {"activation": "gelu", "norm_first": True, **settings}
        module = nn.TransformerDecoderLayer(x.shape[-1], heads, 24, 0, batch_first=True, **options)
        there = inputs.get("there", torch.ones(len(x), 1, memory.shape[1]).bool())
        return called(
            module,
            layer_state(w),
            x,
            memory,
            tgt_mask=hidden_of(inputs, x.shape[1], x.shape[1], heads, causal),
            memory_key_padding_mask=~there[:, 0],
        )

    return twin


def feed_forward(act: Callable[[Tensor], Tensor]) -> Twin:
    def twin(w: Weights, inputs: Mapping[str, Tensor]) -> Tensor:
        h = act(F.linear(inputs["x"], w["linear1.weight"], w["linear1.bias"]))
        return F.linear(h, w["linear2.weight"], w["linear2.bias"])

    return twin


# ---- positions and convolution


def waves(length: int, features: int) -> Tensor:
    """As `PositionalEncoding` in PyTorch's tutorial on sequence to sequence modelling."""
    table = torch.zeros(length, features).double()
    places = torch.arange(length).double()[:, None]
    powers = 10000 ** (torch.arange(0, features, 2).double() / features)
    table[:, 0::2] = torch.sin(places / powers)
    table[:, 1::2] = torch.cos(places / powers)
    return table


def sinusoidal(w: Weights, inputs: Mapping[str, Tensor]) -> Tensor:
    x = F.linear(inputs["x"], w["linear1.weight"], w["linear1.bias"])
    return x + waves(*x.shape[1:])


def learned(w: Weights, inputs: Mapping[str, Tensor]) -> Tensor:
    return inputs["x"] + w["positions.weight"][: inputs["x"].shape[1]]


def conv_bn(stride: int = 1, groups: int = 1) -> Twin:
    def twin(w: Weights, inputs: Mapping[str, Tensor]) -> Tensor:
        kernel = w["conv1.weight"]
        padding = kernel.shape[-1] // 2
        y = F.conv2d(inputs["x"], kernel, stride=stride, padding=padding, groups=groups)
        return F.batch_norm(y, None, None, w["batchnorm1.weight"], w["batchnorm1.bias"], True)

    return twin


AS_IN_2017 = {"activation": "relu", "norm_first": False}

TWINS: Mapping[str, Twin] = {
    "ConvBN": conv_bn(),
    "ConvBN of stride 2": conv_bn(2),
    "ConvBN in groups": conv_bn(groups=3),
    "self-attention": attention(3),
    "one head": attention(1),
    "a head for each feature": attention(6),
    "a sequence of one": attention(3, causal=True),
    "a length that is known": attention(2, causal=True),
    "attention without biases": attention(3),
    "causal attention": attention(3, causal=True),
    "attention to a memory": attention(3),
    "keys of another width": attention(2),
    "values of a third width": attention(2),
    "causal attention to a memory": attention(3, causal=True),
    "a mask for all": attention(3, causal=True),
    "lengths": attention(3),
    "a mask and causal": attention(3, causal=True),
    "FeedForward": feed_forward(F.gelu),
    "FeedForward with settings": feed_forward(F.silu),
    "TransformerBlock": block(3),
    "TransformerBlock as in 2017": block(3, hidden=20, **AS_IN_2017),
    "TransformerBlock with a mask, causal": block(3, causal=True),
    "TransformerDecoderBlock": decoder(3),
    "TransformerDecoderBlock as in 2017": decoder(2, **AS_IN_2017),
    "TransformerDecoderBlock with masks": decoder(3, causal=False),
    "SinusoidalPositions": sinusoidal,
    "SinusoidalPositions of a known length": sinusoidal,
    "LearnedPositions": learned,
    "LearnedPositions, as many as there are": learned,
}
