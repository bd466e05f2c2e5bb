"""What kernels ask of arrays and namespaces of any library: the part of the array API standard that they use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Array(Protocol):  # noqa: PLW1641 - arrays have no hash
    """An array of any library."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def ndim(self) -> int: ...
    @property
    def dtype(self) -> Any: ...
    def __getitem__(self, key: Any, /) -> Array: ...
    def __bool__(self) -> bool: ...
    def __int__(self) -> int: ...
    def __float__(self) -> float: ...
    def __neg__(self) -> Array: ...
    def __invert__(self) -> Array: ...
    def __add__(self, other: Any, /) -> Array: ...
    def __radd__(self, other: Any, /) -> Array: ...
    def __sub__(self, other: Any, /) -> Array: ...
    def __rsub__(self, other: Any, /) -> Array: ...
    def __mul__(self, other: Any, /) -> Array: ...
    def __rmul__(self, other: Any, /) -> Array: ...
    def __truediv__(self, other: Any, /) -> Array: ...
    def __rtruediv__(self, other: Any, /) -> Array: ...
    def __floordiv__(self, other: Any, /) -> Array: ...
    def __mod__(self, other: Any, /) -> Array: ...
    def __pow__(self, other: Any, /) -> Array: ...
    def __and__(self, other: Any, /) -> Array: ...
    def __or__(self, other: Any, /) -> Array: ...
    def __xor__(self, other: Any, /) -> Array: ...
    def __lshift__(self, other: Any, /) -> Array: ...
    def __rshift__(self, other: Any, /) -> Array: ...
    def __lt__(self, other: Any, /) -> Array: ...
    def __le__(self, other: Any, /) -> Array: ...
    def __gt__(self, other: Any, /) -> Array: ...
    def __ge__(self, other: Any, /) -> Array: ...
    def __eq__(self, other: object, /) -> Array: ...  # type: ignore[override]
    def __ne__(self, other: object, /) -> Array: ...  # type: ignore[override]


Function = Callable[..., Array]


class Namespace(Protocol):
    """The functions and dtypes of a library, as array-api-compat gives them."""

    __name__: str
    bool: Any
    uint8: Any
    int16: Any
    int32: Any
    int64: Any
    float16: Any
    float32: Any
    float64: Any
    iinfo: Callable[..., Any]
    finfo: Callable[..., Any]
    isdtype: Callable[..., Any]
    unique_inverse: Callable[..., Any]
    unique_counts: Callable[..., Any]
    nonzero: Callable[..., tuple[Array, ...]]
    abs: Function
    all: Function
    any: Function
    arange: Function
    argmax: Function
    argsort: Function
    asarray: Function
    asin: Function
    astype: Function
    broadcast_to: Function
    ceil: Function
    concat: Function
    cumulative_prod: Function
    cumulative_sum: Function
    exp: Function
    flip: Function
    floor: Function
    isfinite: Function
    isinf: Function
    isnan: Function
    log: Function
    log1p: Function
    logical_not: Function
    matmul: Function
    matrix_transpose: Function
    max: Function
    maximum: Function
    mean: Function
    min: Function
    minimum: Function
    moveaxis: Function
    ones_like: Function
    permute_dims: Function
    prod: Function
    reshape: Function
    round: Function
    searchsorted: Function
    sort: Function
    sqrt: Function
    stack: Function
    sum: Function
    take: Function
    take_along_axis: Function
    where: Function
    zeros: Function
    zeros_like: Function
