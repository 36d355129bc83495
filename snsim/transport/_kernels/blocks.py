"""Block-tridiagonal linear systems with dense blocks of any size: one unknown vector per zone, coupled to its neighbours."""

from microphysics._jit import njit


@njit
def _decompose(block, pivot):
    """LU of one block in place, rows exchanged where a column's largest entry stands below; `pivot` remembers them."""
    size = pivot.size
    for k in range(size):
        best, largest = k, abs(block[k, k])
        for r in range(k + 1, size):
            if abs(block[r, k]) > largest:
                best, largest = r, abs(block[r, k])
        pivot[k] = best
        if best != k:
            for c in range(size):
                block[k, c], block[best, c] = block[best, c], block[k, c]
        inverse = 1.0 / block[k, k]
        for r in range(k + 1, size):
            factor = block[r, k] * inverse
            if factor != 0.0:
                block[r, k] = factor
                for c in range(k + 1, size):
                    block[r, c] -= factor * block[k, c]


@njit
def _solve_vector(block, pivot, right):
    """Solve with the LU of `_decompose`; the answer replaces `right`, shape (size,)."""
    size = pivot.size
    for k in range(
        size
    ):  # all exchanges first: the factors below the diagonal were exchanged along with the rows
        best = pivot[k]
        if best != k:
            right[k], right[best] = right[best], right[k]
    for k in range(size):
        for r in range(k + 1, size):
            right[r] -= block[r, k] * right[k]
    for r in range(size - 1, -1, -1):
        for c in range(r + 1, size):
            right[r] -= block[r, c] * right[c]
        right[r] /= block[r, r]


@njit
def _solve_matrix(block, pivot, right):
    """Solve for all columns of `right`, shape (size, size), at once."""
    size = pivot.size
    for k in range(size):
        best = pivot[k]
        if best != k:
            for c in range(size):
                right[k, c], right[best, c] = right[best, c], right[k, c]
    for k in range(size):
        for r in range(k + 1, size):
            factor = block[r, k]
            if factor != 0.0:
                for c in range(size):
                    right[r, c] -= factor * right[k, c]
    for r in range(size - 1, -1, -1):
        for k in range(r + 1, size):
            factor = block[r, k]
            if factor != 0.0:
                for c in range(size):
                    right[r, c] -= factor * right[k, c]
        inverse = 1.0 / block[r, r]
        for c in range(size):
            right[r, c] *= inverse


@njit
def factorise(lower, diagonal, upper, pivots):
    """Block LU in place, shapes (zone, size, size) and `pivots` (zone, size): block Thomas, pivoting inside the blocks.

    `diagonal` becomes the LU of the Schur complements S_i = D_i - L_i U_i-1 and `upper` S_i^-1 U_i; `lower` stays. A
    singular block leaves infinities or NaN, which the caller must look for in the answer.
    """
    zones, size = pivots.shape
    for i in range(zones):
        block = diagonal[i]
        if i > 0:
            for r in range(size):
                for k in range(size):
                    factor = lower[i, r, k]
                    if factor != 0.0:
                        for c in range(size):
                            block[r, c] -= factor * upper[i - 1, k, c]
        _decompose(block, pivots[i])
        if i + 1 < zones:
            _solve_matrix(block, pivots[i], upper[i])


@njit
def substitute(lower, diagonal, upper, pivots, right):
    """Solve with the factors of `factorise`; the answer replaces `right`, shape (zone, size)."""
    zones, size = pivots.shape
    for i in range(zones):
        if i > 0:
            for r in range(size):
                for k in range(size):
                    right[i, r] -= lower[i, r, k] * right[i - 1, k]
        _solve_vector(diagonal[i], pivots[i], right[i])
    for i in range(zones - 2, -1, -1):
        for r in range(size):
            for k in range(size):
                right[i, r] -= upper[i, r, k] * right[i + 1, k]


@njit
def newton_matrix(slope, lower, diagonal, upper, weight, row_scale):
    """Turn `lower`, `diagonal`, `upper` = dF/dy into d[M + weight F]/dy in place, and divide its rows by their size.

    `slope` = dM/dy, shape (zone, size, size). `row_scale` (zone, size) is filled with the largest entry of each row in its
    zone's own block; a right side must be divided by it too. Pivots are then chosen among comparable numbers.
    """
    zones, size = row_scale.shape
    for i in range(zones):
        for r in range(size):
            largest = 0.0
            for c in range(size):
                diagonal[i, r, c] = slope[i, r, c] + weight * diagonal[i, r, c]
                largest = max(largest, abs(diagonal[i, r, c]))
            row_scale[i, r] = largest
            inverse = 1.0 / largest
            for c in range(size):
                diagonal[i, r, c] *= inverse
                lower[i, r, c] *= weight * inverse
                upper[i, r, c] *= weight * inverse
