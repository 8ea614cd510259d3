"""What a `.net` file can call: the one form every layer, function, loss and metric has.

An operation is a frozen dataclass. Its fields are its settings, as the language spells them; the arguments of `infer`
are its values, in the order a call gives them. So one class is the whole definition:

    infer       types of the values -> types of the results (the shape rule), or a `RuleError`
    parameters  types of the values -> what the operation owns (weights, running statistics)
    lower       the same in ONNX operators: values and parameters in, values out
    reference   the same in NumPy: arrays in, results and a function for the backward pass out

`lower` and `reference` take the values and then the parameters, in the order `parameters` lists them. They are two
independent spellings and share no helper: the second judges the first.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_type_hints

from numpy.typing import NDArray

from dslc.dims import Expression
from dslc.types import TensorType, default_text

if TYPE_CHECKING:
    from dslc.initializers.base import Initializer

Array = NDArray[Any]

Types = TensorType | tuple[TensorType, ...]
"""What `infer` returns: one type, or one per result."""

Precision = Literal["half", "single", "wide", "follow"]
"""What a call computes in where training mixes float16 and float32 (`precision = float16`):

`half`    float16: products of matrices, convolutions, recurrences, which a GPU has units for
`single`  float32, and so are its results: what needs the range
`wide`    float32, and its results are halves again where its values were: statistics of activations
`follow`  float16 where all its values are, weights and written numbers apart
"""

Backward = Callable[..., "tuple[Array | None, ...]"]
"""Cotangents of the results -> cotangents of values and parameters, in order; None where there is no derivative."""

Reference = tuple["Array | tuple[Array, ...]", Backward]
"""What `reference` returns: the results and the backward pass of this very evaluation."""


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """A tensor that an operation owns.

    `trained` is false for running statistics and fixed filters: they are state, but no gradient reaches them.
    `statistic` tells the former, which the operation itself updates in training.
    """

    name: str
    type: TensorType
    initializer: Initializer
    trained: bool = True
    statistic: bool = False


def setting(
    default: Any = MISSING,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> Any:
    """Declare a setting with the range its numbers must lie in (checked where the call is written: E0406)."""
    limits = {"minimum": minimum, "maximum": maximum, "above": above, "below": below}
    metadata = {name: limit for name, limit in limits.items() if limit is not None}
    return (
        field(metadata=metadata)
        if default is MISSING
        else field(default=default, metadata=metadata)
    )


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """A setting as the elaborator sees it: name, annotated type, default (MISSING: required), limits."""

    name: str
    annotation: Any
    default: Any
    limits: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ValueInfo:
    """A value that a call takes: `optional` ones may be missing, a `variadic` one takes the rest."""

    name: str
    optional: bool = False
    variadic: bool = False


@dataclass(frozen=True)
class Operation:
    """Base of everything a row can call."""

    spelling: ClassVar[str | None] = None
    """The name in the language, where it is not derived from the name of the class."""

    random: ClassVar[bool] = False
    """Whether the operation draws numbers in training; it then has a stream of its own, keyed by its name."""

    differentiable: ClassVar[bool] = True
    """Whether a gradient flows from float results to float values; false where the results are flat in them."""

    holds_calls: ClassVar[bool] = False
    """Whether a call holds other calls (a `Body`, which its inputs and its results say nothing of)."""

    precision: ClassVar[Precision] = "follow"

    # Declared as values so that each operation may take the arguments it needs.
    infer: ClassVar[Callable[..., Types]]
    lower: ClassVar[Callable[..., Any]]
    reference: ClassVar[Callable[..., Any]]

    def parameters(self, *types: TensorType) -> tuple[ParameterSpec, ...]:
        """Return what the operation owns when called on values of these types."""
        return ()

    def index_limits(self, *types: TensorType) -> Mapping[int, int | Expression]:
        """Return which values hold indices: position of the value -> how many classes, rows or words there are."""
        return {}

    @property
    def ignored_label(self) -> int | None:
        """The index that counts for nothing (`ignore_index`), where there is such a setting."""
        label: int | None = getattr(self, "ignore_index", None)
        return label

    def multiply_adds(
        self, inputs: tuple[TensorType, ...], outputs: tuple[TensorType, ...]
    ) -> int | Expression:
        """Return the multiplications (each with an addition) of one call, for `dslc summary`."""
        return 0

    def steps(self, inputs: tuple[TensorType | None, ...]) -> int | Expression:
        """Return about how many operations a call is in the training graph, for the limit of its size."""
        return 1

    def explain(self, inputs: tuple[TensorType, ...]) -> str:
        """Return the arithmetic of the result's size, for messages: `floor((54 - 3) / 2) + 1 = 26`."""
        return ""

    @classmethod
    def language_name(cls) -> str:
        return cls.spelling or cls.__name__

    @classmethod
    @cache
    def settings(cls) -> tuple[SettingInfo, ...]:
        """Return the settings in the order in which positional arguments fill them."""
        hints = get_type_hints(cls)
        return tuple(
            SettingInfo(item.name, hints[item.name], item.default, item.metadata)
            for item in fields(cls)
        )

    @classmethod
    @cache
    def values(cls) -> tuple[ValueInfo, ...]:
        """Return the values a call takes, from the signature of `infer`."""
        found = list(inspect.signature(cls.infer).parameters.values())[1:]
        return tuple(
            ValueInfo(
                parameter.name,
                optional=parameter.default is not inspect.Parameter.empty,
                variadic=parameter.kind is inspect.Parameter.VAR_POSITIONAL,
            )
            for parameter in found
        )

    @classmethod
    @cache
    def signature(cls) -> str:
        """Return the call as help and messages print it: `Conv(channels, kernel, stride=1, ...)`."""
        required = [value for value in cls.values() if not value.optional]
        parts = [f"*{value.name}" if value.variadic else value.name for value in required]
        for item in cls.settings():
            parts.append(
                item.name
                if item.default is MISSING
                else f"{item.name}={default_text(item.default)}"
            )
        parts += [f"{value.name}=none" for value in cls.values() if value.optional]
        return f"{cls.language_name()}({', '.join(parts)})"


@dataclass(frozen=True)
class Layer(Operation):
    """An operation with parameters, state or behaviour of its own in training; spelled with a capital letter."""


@dataclass(frozen=True)
class Function(Operation):
    """An operation without parameters; spelled in lower case, words joined by `_`."""

    @classmethod
    def language_name(cls) -> str:
        return cls.spelling or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()
