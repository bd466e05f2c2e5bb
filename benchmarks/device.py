"""Calls on an accelerator beside what they are judged by: a copy there, the processor, a peer on the same device."""

from __future__ import annotations

import gc
import itertools
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from array_api_compat import array_namespace

import amiable
from amiable._array.blocks import DEVICE_BUDGET
from benchmarks import peers
from benchmarks.device_cases import (
    ON_ACCELERATOR,
    ON_CPU,
    Drawn,
    ami_of,
    by_array_kernels,
    by_bincount,
    calls_for_memory,
    count,
    in_seconds,
    on_processor,
    with_kernels,
)
from benchmarks.device_tables import TABLES, broken, judged, report_of
from benchmarks.inputs import SPREADS, labelings_at
from benchmarks.measure import Case, Options, alternate, compare, largest_difference, summary, timed
from benchmarks.memory import peak_of
from benchmarks.places import Place, to_host
from benchmarks.report import Report, power, save

SETS = 8  # of short inputs, in turn
BURST = 100  # replays without a wait between them
SECONDS = 2.0  # for each side of a line, within what the command line allows
SECONDS_OF_KERNELS = 0.5  # of which there are many
TEMPORARIES = 30  # of DEVICE_BUDGET elements of 8 bytes: what a call may take beside its inputs and its result


@dataclass(frozen=True)
class Line:
    """What is measured together: it yields rows of one of the tables."""

    case: str
    measure: Callable[[Options], Iterator[dict[str, Any]]]


def run(options: Options) -> Report:
    """Measure line after line; what is found is written after each, so that a run that is cut off leaves its rows."""
    options = replace(options, seconds=min(options.seconds, SECONDS))
    rows: list[dict[str, Any]] = []
    began = time.perf_counter()
    for line in lines(options.place):
        if options.match not in line.case:
            continue
        for row in attempted(line, options):
            rows.append(row)
            print(f"{time.perf_counter() - began:4.0f} s | {' | '.join(TABLES[row['table']][2](row))}", file=sys.stderr)
            save(report_of(rows, options.place), "device", options.place, options.output)
        options.place.release()
    return report_of(rows, options.place)


def lines(place: Place) -> Iterator[Line]:
    """List what is measured; what may leave the device in a bad state comes last."""
    sizes = ON_CPU if place.device == "cpu" else ON_ACCELERATOR
    for k, spread in itertools.product((10, 1000), SPREADS):
        name = f"n = {power(sizes.counted)}, {k} x {k}, {spread}"
        yield Line(f"counting, {name}", partial(counting, name, sizes.counted, k, spread))
    name = f"AMI, n = {power(sizes.scored)}, 10 x 10, n_labels given"
    yield Line(name, partial(scoring, name, sizes.scored))
    name = f"AMI, n = {power(sizes.short)}, 10 x 10"
    yield Line(f"{name}, latency", partial(latency, name, sizes.short))
    for case, bar in on_processor(place, sizes):
        yield Line(case.name, partial(compared, case, bar))
    for case, limit in in_seconds(place, sizes):
        yield Line(case.name, partial(compared_in_seconds, case, limit))
    if place.library == "torch":
        yield Line(f"{name}, against torchmetrics", partial(against_torchmetrics, name, sizes.short))
    for name, draw, call in calls_for_memory(place, sizes):
        yield Line(f"memory, {name}", partial(memory, name, draw, call))
    for name, draw, call in with_kernels(place, sizes):
        yield Line(f"kernels, {name}", partial(kernels, name, draw, call))


def attempted(line: Line, options: Options) -> Iterator[dict[str, Any]]:
    """Yield the rows of a line; where it breaks, one that says so, and the run goes on."""
    try:
        for row in line.measure(options):
            yield {**row, "bar": None} if options.place.device == "cpu" else row
    except Exception as error:  # out of memory, say; whatever it is, the other lines are worth measuring
        row = broken("calls", line.case, error)
    else:
        return
    gc.collect()  # what the frames of the failure held
    yield row


def counting(name: str, n: int, k: int, spread: str, options: Options) -> Iterator[dict[str, Any]]:
    """Count labels, against a copy of their bytes."""
    place = options.place
    labels = labelings_at(place, n, k, spread=spread)
    n_bytes = sum(x.nbytes for x in labels)
    copies = [copier(place, x) for x in labels]
    expected = by_bincount(*labels, k)
    times, error = alternate(
        {"amiable": partial(count, *labels, k), "copy": lambda: [copy() for copy in copies]},
        lambda found: worst_of_counts(expected, found["amiable"]),
        options,
        partial(timed, place=place, events=True),
    )
    xp = array_namespace(labels[0])
    same = all(bool(xp.all(copy() == x)) for copy, x in zip(copies, labels, strict=True))
    row = summary(f"counting, {name}", f"copy of the same {n_bytes / 1e9:.3g} GB", times)
    row |= {"bytes": n_bytes, "error": error if same else math.inf, "tolerance": 0}
    # the copy reads and writes each byte, counting reads it
    yield judged(row, row["ratio"] / 2, "%", {10: 0.5, 1000: 0.25}[k], events=place.has_events)


def copier(place: Place, x: Any) -> Callable[[], Any]:
    """Return what copies `x` to other memory of its device, the same each time."""
    if place.library == "jax":
        return lambda: array_namespace(x).asarray(x, copy=True)
    xp = peers.load(place.library)
    other = xp.empty_like(x)

    def copy() -> Any:
        if place.library == "torch":
            return other.copy_(x)
        xp.copyto(other, x)
        return other

    return copy


def worst_of_counts(expected: np.ndarray, *found: Any) -> float:
    """Compare tables of counts; one of another shape is wrong."""
    counts = [to_host(x) for x in found]
    if any(x.shape != expected.shape for x in counts):
        return math.inf
    return max(largest_difference(x, expected) for x in counts)


def kernels(name: str, draw: Drawn, call: Callable[..., Any], options: Options) -> Iterator[dict[str, Any]]:
    """Make a call with compiled kernels, and by array kernels alone."""
    place, inputs = options.place, draw()
    options = replace(options, seconds=min(options.seconds, SECONDS_OF_KERNELS))
    ours = partial(call, *inputs)
    sides = {"amiable": ours, "array kernels": partial(by_array_kernels, ours)}
    times, error = alternate(
        sides, lambda found: largest_difference(*map(to_host, found.values())), options, partial(timed, place=place)
    )
    yield summary(name, "array kernels", times) | {"table": "kernels", "error": error, "tolerance": 1e-11}


def scoring(name: str, n: int, options: Options) -> Iterator[dict[str, Any]]:
    """Score labels, against counting them: as they are called, and replayed."""
    place = options.place
    labels = labelings_at(place, n, 10, agree=1 / 3)
    counts = by_bincount(*labels, 10)
    expected = amiable.adjusted_mutual_info_score(contingency=counts)

    def error(found: dict[str, Any]) -> float:
        ami = abs(float(to_host(found["amiable"])) - expected)
        return max(ami, worst_of_counts(counts, found["counting"]))

    for how, call in launches(place, partial(ami_of, *labels)):
        sides = {"amiable": call, "counting": partial(count, *labels, 10)}
        times, worst = alternate(sides, error, options, partial(timed, place=place))
        row = summary(f"{name}, {how}", "counting", times)
        yield judged(row | {"error": worst, "tolerance": 1e-12}, 1 / row["ratio"], "", 2, at_most=True)


def launches(place: Place, call: Callable[[], Any]) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield a call as it is and, where the device has graphs, as one that is replayed; each when it is asked for."""
    yield "eager" if place.has_events else "eager, no graphs here", call
    if place.has_events:
        yield "replayed", place.capture(call)


def short_labels(place: Place, n: int) -> tuple[list[tuple[Any, Any]], list[float]]:
    """Draw several pairs of short labelings, and score them on NumPy."""
    long = labelings_at(place, n * SETS, 10, agree=1 / 3)
    pairs = [tuple(x[i * n : (i + 1) * n] for x in long) for i in range(SETS)]
    return pairs, [float(ami_of(*map(to_host, pair))) for pair in pairs]


def in_turn(calls: Sequence[Callable[[], Any]]) -> Callable[[], tuple[int, Any]]:
    """Return a call that makes the calls in turn, and tells which it made."""
    turns = itertools.cycle(enumerate(calls))

    def call() -> tuple[int, Any]:
        i, function = next(turns)
        return i, function()

    return call


def error_of_turn(expected: list[float], found: dict[str, Any]) -> float:
    """Compare what amiable's calls in turn returned."""
    return max(abs(float(to_host(score)) - expected[i]) for i, score in found.values())


def latency(name: str, n: int, options: Options) -> Iterator[dict[str, Any]]:
    """Time short calls from their launch to their end, and replays that do not wait for each other."""
    place = options.place
    pairs, expected = short_labels(place, n)
    many = replace(options, repeats=20 * options.repeats)
    calls = [partial(ami_of, *pair) for pair in pairs]
    clock, check = partial(timed, place=place), partial(error_of_turn, expected)

    def row_of(how: str, times: list[float], error: float, limit: float | None, *, events: bool) -> dict[str, Any]:
        row = summary(f"{name}, {how}", "", {"amiable": times}) | {"error": error, "tolerance": 1e-12}
        return judged(row, row["amiable_s"][1], "s", limit, at_most=True, events=events)

    how = "eager" if place.has_events else "eager, no graphs here"
    times, error = alternate({"amiable": in_turn(calls)}, check, many, clock)
    yield row_of(f"{how}, launch to end", times["amiable"], error, None, events=False)
    if not place.has_events:
        return
    compiled = place.compiled(ami_of)
    programs = {"": calls}
    if compiled is not None:
        programs["compiled, "] = [partial(compiled, *pair) for pair in pairs]
    for how, launched in programs.items():
        try:
            replays = [place.capture(call) for call in launched]
        except Exception as error:  # the other programs are worth measuring
            yield broken("calls", f"{name}, {how}replayed", error)
            continue
        times, error = alternate({"amiable": in_turn(replays)}, check, many, clock)
        yield row_of(f"{how}replayed, launch to end", times["amiable"], error, 200e-6, events=False)
        one = in_turn(replays)
        burst = {"amiable": lambda one=one: [one() for _ in range(BURST)][-1]}
        times, error = alternate(burst, check, options, partial(clock, events=True))
        each = [seconds / BURST for seconds in times["amiable"]]
        yield row_of(f"{how}replayed {BURST} times at once, each", each, error, None, events=True)


def against_torchmetrics(name: str, n: int, options: Options) -> Iterator[dict[str, Any]]:
    """Time short calls against torchmetrics on the same labels, which it scores in float32."""
    pair = labelings_at(options.place, n, 10, agree=1 / 3)
    for how, call in launches(options.place, partial(ami_of, *pair)):
        theirs = partial(scored_by_peer, pair)
        case = Case(f"{name}, {how}", "torchmetrics", tuple, call, theirs, tolerance=0.01, place=options.place)
        yield from compared(case, 10_000, options)


def scored_by_peer(pair: tuple[Any, Any], peer: Any) -> Any:
    """Call the peer on labels that lie on the device."""
    return peer.adjusted_mutual_info_score(*pair)


def compared(case: Case, bar: float | None, options: Options) -> Iterator[dict[str, Any]]:
    """Judge a comparison by how many times longer the peer takes."""
    row = compare(case, options)
    yield {**row, "table": "calls"} if "missing" in row else judged(row, row["ratio"], "", bar)


def compared_in_seconds(case: Case, limit: float, options: Options) -> Iterator[dict[str, Any]]:
    """Judge a comparison by the time that amiable takes."""
    row = compare(case, options)
    yield judged(row, row["amiable_s"][1], "s", limit, at_most=True)


def memory(name: str, draw: Drawn, call: Callable[..., Any], options: Options) -> Iterator[dict[str, Any]]:
    """Measure the peak of one call beside its inputs, after one that makes what is made once."""
    place, inputs = options.place, draw()
    place.wait(call(*inputs))
    place.release()
    peak, result = peak_of(place, lambda: call(*inputs))
    sizes = {"bytes": peak, "inputs": sum(x.nbytes for x in inputs), "result": getattr(result, "nbytes", 8)}
    limit = TEMPORARIES * 8 * DEVICE_BUDGET + sizes["result"]
    yield {"table": "memory", "case": name, "peer": "", **sizes, "bar": limit}
