"""Statements that every prompt needs, made ready once: SQLAlchemy's way to run one costs ten times what SQLite does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

import sqlalchemy as sa

Convert = Callable[[Any], Any] | None


class Prepared:
    """A statement that is run with the values of these names, always the same, by SQLite's own driver.

    Other databases get it from SQLAlchemy, in the ordinary way. Both raise what SQLAlchemy raises.
    """

    def __init__(self, statement: sa.UpdateBase | sa.Select[Any], *names: str) -> None:
        self._statement = statement
        self._names = names
        self._text = ""
        self._steps: list[tuple[str, Convert]] = []
        self._fixed: Mapping[str, Any] = {}
        self._columns: list[tuple[str, Convert]] = []

    def __call__(self, connection: sa.Connection, values: Mapping[str, Any]) -> Any:
        """The result, with its `fetchall()`."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, values)
        row = self._row(connection, values)
        driver: Any = connection.connection.driver_connection
        try:
            return driver.execute(self._text, row)
        except driver.Error as error:
            self._fail(connection, row, error)

    def for_each(self, connection: sa.Connection, all_values: Iterable[Mapping[str, Any]]) -> None:
        """Run it once for each of these; the results, if any, are not to be had."""
        if connection.dialect.name != "sqlite":
            connection.execute(self._statement, list(all_values))
            return
        rows = [self._row(connection, values) for values in all_values]
        driver: Any = connection.connection.driver_connection
        try:
            driver.executemany(self._text, rows)
        except driver.Error as error:
            self._fail(connection, rows, error)

    def first(self, connection: sa.Connection, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """The first row that a query finds, by the names of its columns."""
        if connection.dialect.name != "sqlite":
            found = connection.execute(self._statement, values).mappings().first()
            return None if found is None else dict(found)
        for row in self(connection, values).fetchall():
            named = zip(self._columns, row, strict=True)
            return {name: convert(value) if convert else value for (name, convert), value in named}
        return None

    def _row(self, connection: sa.Connection, values: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the statement's places, as the driver takes them."""
        if not self._text:
            self._compile(connection.dialect)
        if self._fixed:
            values = {**self._fixed, **values}
        return [values[name] if convert is None else convert(values[name]) for name, convert in self._steps]

    def _compile(self, dialect: sa.Dialect) -> None:
        compiled: Any = self._statement.compile(dialect=dialect, column_keys=list(self._names))
        types = {name: compiled.binds[name].type for name in compiled.positiontup}
        self._steps = [
            (name, types[name].dialect_impl(dialect).bind_processor(dialect)) for name in compiled.positiontup
        ]
        self._fixed = {name: value for name, value in compiled.params.items() if name not in self._names}
        if isinstance(self._statement, sa.Select):
            self._columns = [
                (column.name, column.type.dialect_impl(dialect).result_processor(dialect, None))
                for column in self._statement.selected_columns
            ]
        self._text = str(compiled)

    def _fail(self, connection: sa.Connection, row: list[Any], error: Exception) -> NoReturn:
        base = connection.dialect.loaded_dbapi.Error
        raise sa.exc.DBAPIError.instance(self._text, row, error, base, dialect=connection.dialect) from error
