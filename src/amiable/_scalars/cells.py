"""What is expected of the count of one cell: K ~ Hypergeometric(n, a, b), as in `amiable.chance.hypergeometric`."""

from __future__ import annotations

import math

Sums = tuple[float, float, float, float]
# What is expected, as bits: the deviance of K from its mean, K log K, K log(a / K), K log(b / K)
DEVIANCE, XLOGX, GIVEN_ROW, GIVEN_COL = 1, 2, 4, 8

TAIL = 39.14394658089878  # -log(1e-17), of the mass outside of the window
STRIDE_SIGMA = 4.7
STRIDE_MEAN = 40.0
FAR = 400.0  # from this reach above the mean on, weights are computed one by one in less time than walked to
NOTHING = 1e-18  # a weight below this share of all before it ends a walk

HALF = 30  # bits of a digit: two digits hold any number of samples
DIGIT = (1 << HALF) - 1
EXACT = 3037000499  # up to so many samples, products of two counts fit 64 bits


def deviance(x: float, mean: float, t: float) -> float:
    """Return x log(x / mean) - x + mean >= 0 for x = mean + t, with the relative precision of t."""
    if x <= 0.0:
        return mean
    v = t / (x + mean)
    if abs(v) < 0.1:
        v2 = v * v
        s = (v2 / 15 + 1 / 13) * v2
        s = (s + 1 / 11) * v2
        s = (s + 1 / 9) * v2
        s = (s + 1 / 7) * v2
        s = (s + 1 / 5) * v2
        s = (s + 1 / 3) * v2
        return v * (t + 2 * x * s)
    return x * math.log(x / mean) - t


def log_factorial_excess(x: int) -> float:
    """Return log(x!) - (x log x - x), by Stirling's series from 16 on."""
    if x < 16:
        product = 1.0
        for k in range(2, x + 1):
            product *= k
        return math.log(product) - (x * math.log(x) - x if x > 0 else 0.0)
    r = 1.0 / x
    r2 = r * r
    tail = 1 / 12 + r2 * (-1 / 360 + r2 * (1 / 1260 + r2 * (-1 / 1680 + r2 * (1 / 1188 - 691 / 360360 * r2))))
    return 0.5 * math.log(2 * math.pi * x) + r * tail


def offset_from_mean(k: int, a: int, b: int, n: int) -> float:
    """Return k - a b / n with full relative precision: k n - a b is formed exactly, in two digits of 30 bits."""
    if n <= EXACT:
        return (k * n - a * b) / n
    k0, k1, n0, n1 = k & DIGIT, k >> HALF, n & DIGIT, n >> HALF
    a0, a1, b0, b1 = a & DIGIT, a >> HALF, b & DIGIT, b >> HALF
    low = k0 * n0 - a0 * b0
    carry = low >> HALF
    low -= carry << HALF
    middle = carry + (k0 * n1 - a0 * b1) + (k1 * n0 - a1 * b0)
    carry = middle >> HALF
    middle -= carry << HALF
    high = carry + (k1 * n1 - a1 * b1)
    base = float(1 << HALF)
    return ((float(high) * base + middle) * base + low) / n


def cost_of_count(k: int, a: int, b: int, n: int, t: float) -> float:
    """Return -log P(K = k) up to a constant of the margins: deviance and excess of the four cells, all at least 0."""
    mean, row_only, col_only, neither = (a * (b / n), a * ((n - b) / n), (n - a) * (b / n), (n - a) * ((n - b) / n))
    rest = (n - a) - (b - k)
    cells = deviance(float(k), mean, t) + deviance(float(a - k), row_only, -t)
    cells += deviance(float(b - k), col_only, -t) + deviance(float(rest), neither, t)
    excess = log_factorial_excess(k) + log_factorial_excess(a - k)
    return cells + excess + log_factorial_excess(b - k) + log_factorial_excess(rest)


def terms_of_count(k: float, a: float, b: float, mean: float, t: float, wanted: int) -> Sums:
    """Return what a count k = mean + t adds to each form that is wanted."""
    own = deviance(k, mean, t) if wanted & DEVIANCE else 0.0
    whole = k * math.log(k) if wanted & XLOGX and k > 1.0 else 0.0
    row = k * math.log1p((a - k) / k) if wanted & GIVEN_ROW and k > 0.0 else 0.0
    col = k * math.log1p((b - k) / k) if wanted & GIVEN_COL and k > 0.0 else 0.0
    return own, whole, row, col


def expectations_of_cell(a: int, b: int, n: int, wanted: int) -> Sums:
    """Return what is expected of K ~ Hypergeometric(n, a, b), by each form that is wanted, else 0."""
    if n <= 0 or a <= 0 or b <= 0:
        return 0.0, 0.0, 0.0, 0.0
    mean = a * (b / n)
    variance = mean * ((n - a) / n) * ((n - b) / max(n - 1, 1))
    deviation = math.sqrt(variance)
    least, most = max(0, a - (n - b)), min(a, b)
    start = min(max(int(mean), least), most)
    if deviation <= STRIDE_SIGMA or mean <= STRIDE_MEAN:
        return sum_walk(a, b, n, wanted, start, 1)
    up = TAIL / 3 + math.sqrt(TAIL * TAIL / 9 + 2 * TAIL * variance)
    stride = int(math.pi / math.asin(STRIDE_SIGMA / deviation))
    if up <= FAR:
        return sum_walk(a, b, n, wanted, start, stride)
    return sum_lattice(a, b, n, wanted, start, stride, up)


def sum_walk(a: int, b: int, n: int, wanted: int, start: int, stride: int) -> Sums:
    """Sum over every `stride`-th count from the mean on, both ways; each weight comes from its neighbour's."""
    mean, t = a * (b / n), offset_from_mean(start, a, b, n)
    least, most = max(0, a - (n - b)), min(a, b)
    size_a, size_b, beyond = float(a), float(b), float((n - a) - b)
    x = float(start)
    s0, s1, s2, s3 = terms_of_count(x, size_a, size_b, mean, t, wanted)
    total = weight = 1.0
    for j in range(stride, most - start + 1, stride):
        for _ in range(stride):
            weight *= (size_a - x) * (size_b - x) / ((x + 1.0) * (beyond + x + 1.0))
            x += 1.0
        r0, r1, r2, r3 = terms_of_count(x, size_a, size_b, mean, t + j, wanted)
        s0, s1, s2, s3 = s0 + weight * r0, s1 + weight * r1, s2 + weight * r2, s3 + weight * r3
        total += weight
        if weight < NOTHING * total:
            break
    x, weight = float(start), 1.0
    for j in range(stride, start - least + 1, stride):
        for _ in range(stride):
            weight *= x * (beyond + x) / ((size_a - x + 1.0) * (size_b - x + 1.0))
            x -= 1.0
        r0, r1, r2, r3 = terms_of_count(x, size_a, size_b, mean, t - j, wanted)
        s0, s1, s2, s3 = s0 + weight * r0, s1 + weight * r1, s2 + weight * r2, s3 + weight * r3
        total += weight
        if weight < NOTHING * total:
            break
    return s0 / total, s1 / total, s2 / total, s3 / total


def sum_lattice(a: int, b: int, n: int, wanted: int, start: int, stride: int, up: float) -> Sums:
    """Sum over every `stride`-th count, whose weights are saddle-point probabilities."""
    mean = a * (b / n)
    least, most = max(0, a - (n - b)), min(a, b)
    down = min(up, math.sqrt(2 * TAIL * mean))
    first, last = max(least, start - int(down) - 1), min(most, start + int(up) + 2)
    t_start = offset_from_mean(start, a, b, n)
    base = cost_of_count(start, a, b, n, t_start)
    s0 = s1 = s2 = s3 = total = 0.0
    k = start - ((start - first) // stride) * stride
    while k <= last:
        t = t_start + float(k - start)
        weight = math.exp(base - cost_of_count(k, a, b, n, t))
        r0, r1, r2, r3 = terms_of_count(float(k), float(a), float(b), mean, t, wanted)
        s0, s1, s2, s3 = s0 + weight * r0, s1 + weight * r1, s2 + weight * r2, s3 + weight * r3
        total += weight
        k += stride
    return s0 / total, s1 / total, s2 / total, s3 / total
