"""A linear program as it is written down, solved by HiGHS: the one place that knows the solver."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple


class Solved(NamedTuple):
    """The values of the columns (none: none found in time), the bound proved, and whether they are proved best."""

    values: Sequence[float]
    bound: float
    is_optimal: bool


# The interior point method finds the first bound of a large program many times sooner than the simplex (measured).
_OPTIONS: Mapping[str, bool | int | float | str] = {
    "output_flag": False,
    "threads": 1,
    "random_seed": 0,
    "mip_rel_gap": 0.0,
    "mip_abs_gap": 1e-6,
    "mip_lp_solver": "ipm",
}


class Program:
    """Columns with bounds and costs, rows as sums of columns between two numbers; the cost is made small."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lower: list[float] = []
        self._upper: list[float] = []
        self._cost: list[float] = []
        self._whole: list[int] = []
        self._rows: list[tuple[float, float]] = []
        self._starts: list[int] = [0]
        self._columns: list[int] = []
        self._factors: list[float] = []

    def column(self, upper: float, cost: float = 0.0, *, whole: bool = False, lower: float = 0.0) -> int:
        """A new column between two numbers, whole if asked for; gives its number."""
        self._lower.append(lower)
        self._upper.append(upper)
        self._cost.append(cost)
        if whole:
            self._whole.append(len(self._cost) - 1)
        return len(self._cost) - 1

    def row(self, terms: Iterable[tuple[int, float]], lower: float, upper: float) -> None:
        """A new row: the sum of columns, each by its factor, is between two numbers."""
        for column, factor in terms:
            self._columns.append(column)
            self._factors.append(factor)
        self._rows.append((lower, upper))
        self._starts.append(len(self._columns))

    def costs(self, of: Mapping[int, float]) -> None:
        """Seek another goal: these columns cost so much, all others nothing."""
        self._cost = [of.get(column, 0.0) for column in range(len(self._cost))]

    def fix(self, of: Mapping[int, float]) -> None:
        """Hold these columns at a number, and let all be broken numbers from now on."""
        for column, value in of.items():
            self._lower[column] = self._upper[column] = value
        self._whole = []

    def solved(self, seconds: float) -> Solved:
        """The best found within the seconds, on one thread, the same each time unless the seconds ran out."""
        import highspy  # here, so that the command line starts without it

        solver = highspy.Highs()  # type: ignore[no-untyped-call]  # as HiGHS has it
        for option, value in {**_OPTIONS, "time_limit": float(seconds)}.items():
            solver.setOptionValue(option, value)
        size = len(self._cost)
        solver.addVars(size, self._lower, self._upper)
        solver.changeColsCost(size, list(range(size)), self._cost)
        if self._whole:
            kinds = [highspy.HighsVarType.kInteger] * len(self._whole)
            solver.changeColsIntegrality(len(self._whole), self._whole, kinds)  # type: ignore[arg-type]  # lists do as well as arrays
        lower, upper = [row[0] for row in self._rows], [row[1] for row in self._rows]
        solver.addRows(
            len(self._rows), lower, upper, len(self._columns), self._starts[:-1], self._columns, self._factors
        )
        solver.run()
        told = solver.getInfo()
        is_optimal = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        bound = told.mip_dual_bound if self._whole else told.objective_function_value
        is_found = told.primal_solution_status == highspy.kSolutionStatusFeasible
        return Solved(solver.getSolution().col_value if is_found else (), bound, is_optimal)
