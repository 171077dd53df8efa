"""The check of a table against all rules of its data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pandera.pandas as pa
from column_summaries import to_json
from params import ColumnRule

from relay.util.names import column_name, did_you_mean

_EXAMPLES = 5
_WHOLE_TABLE = ""


@dataclass(frozen=True)
class Violation:
    """A rule that does not hold: where, how many rows break it, and some of their values."""

    column: str
    check: str
    count: int
    examples: list[Any]

    def __str__(self) -> str:
        line = f"{self.column}: {self.check}" if self.column else self.check
        if not self.examples:
            return line
        shown = ", ".join(str(example) for example in self.examples)
        return f"{line}; {self.count} rows, such as {shown}"


def check(
    table: pd.DataFrame, target: str, *, min_rows: int, columns: Mapping[str, ColumnRule]
) -> list[Violation]:
    """Return the rules that do not hold for `table`; an empty list if all hold.

    `columns` has the rules by column name, as in the file or in snake_case. The table must have the
    target, without missing values, and not constant.
    """
    names = [str(name) for name in table.columns]
    violations = []
    rules = {}
    for name, rule in {target: ColumnRule(), **columns}.items():
        name_in_table = name if name in names else column_name(name)
        if name_in_table in names:
            rules[name_in_table] = rule
        else:
            hint = did_you_mean(column_name(name), names)
            violations.append(Violation(name, f"the table has no such column.{hint}", 1, []))
    schema = _schema(table, target, min_rows, rules)
    try:
        schema.validate(_comparable(table[list(rules)]), lazy=True)
    except pa.errors.SchemaErrors as error:
        violations += _violations(error.failure_cases)
    return violations


def _schema(
    table: pd.DataFrame, target: str, min_rows: int, rules: Mapping[str, ColumnRule]
) -> pa.DataFrameSchema:
    targets = {target, column_name(target)}
    rows = f"the table has {len(table)} rows, and at least {min_rows} are asked for"
    return pa.DataFrameSchema(
        {
            name: _column(table[name], rule, is_target=name in targets)
            for name, rule in rules.items()
        },
        checks=pa.Check(lambda _: len(table) >= min_rows, error=rows),
    )


def _column(values: pd.Series, rule: ColumnRule, *, is_target: bool) -> pa.Column:
    checks = []
    if is_target:
        constant = "the target is constant, so there is nothing to predict"
        checks.append(pa.Check(lambda s: s.nunique() > 1, error=constant))
    if rule.dtype is not None and not has_dtype(values, rule.dtype):
        checks.append(_failed(f"dtype is {values.dtype}, not {rule.dtype}"))
    if rule.min is not None or rule.max is not None:
        if not _is_number(_comparable_series(values)):
            checks.append(_failed(f"dtype is {values.dtype}, which has no min and max"))
        else:
            if rule.min is not None:
                checks.append(pa.Check.ge(rule.min, error=f"below min {rule.min:g}"))
            if rule.max is not None:
                checks.append(pa.Check.le(rule.max, error=f"above max {rule.max:g}"))
    if rule.allowed is not None:
        allowed = ", ".join(map(str, rule.allowed))
        checks.append(pa.Check.isin(rule.allowed, error=f"not one of the allowed: {allowed}"))
    return pa.Column(
        checks=checks, nullable=rule.nullable and not is_target, unique=rule.unique, required=True
    )


def _failed(message: str) -> pa.Check:
    return pa.Check(lambda _: False, error=message)


def has_dtype(values: pd.Series, word: str) -> bool:
    """Return whether the dtype of a column is the one that `word` names; int passes as float."""
    types = pd.api.types
    is_category = isinstance(values.dtype, pd.CategoricalDtype)
    if word == "category":
        return is_category
    values = _comparable_series(values)
    tests = {
        "float": _is_number,
        "int": types.is_integer_dtype,
        "bool": types.is_bool_dtype,
        "str": types.is_string_dtype,
        "datetime": types.is_datetime64_any_dtype,
    }
    return bool(tests[word](values))


def _is_number(values: pd.Series) -> bool:
    types = pd.api.types
    return bool(types.is_numeric_dtype(values) and not types.is_bool_dtype(values))


def _comparable(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({name: _comparable_series(table[name]) for name in table.columns})


def _comparable_series(values: pd.Series) -> pd.Series:
    """Return a category column as the numbers or texts of its categories, to compare them."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.astype(values.cat.categories.dtype)
    return values


def _violations(cases: pd.DataFrame) -> list[Violation]:
    """Return a Violation for each column and check among pandera's failure cases."""
    violations = []
    for (context, column, name), group in cases.groupby(
        ["schema_context", "column", "check"], sort=False, dropna=False
    ):
        by_row = group["index"].notna().any()
        where = str(column) if context == "Column" else _WHOLE_TABLE
        values = [to_json(value) for value in group["failure_case"].drop_duplicates()[:_EXAMPLES]]
        missing = name == "not_nullable"
        violations.append(
            Violation(
                column=where,
                check=_words(str(name), len(group)),
                count=len(group) if by_row else 1,
                examples=values if by_row and not missing else [],
            )
        )
    return violations


def _words(check_name: str, count: int) -> str:
    words = {
        "not_nullable": f"missing in {count} rows",
        "field_uniqueness": "values occur more than once",
    }
    return words.get(check_name, check_name)
