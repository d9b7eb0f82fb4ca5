"""The SQL that lets PostgreSQL log every change of a table.

One trigger for each kind of statement, not for each row, sees all rows that a statement has touched at once.

The plan of its query is made once in a session and serves one row and a million alike: old and new rows meet
in a FULL JOIN, which PostgreSQL hashes or merges, and never loops over. (It also tells a changed primary key,
of which neither side finds its other half.) Planning anew each time would cost more than the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_REFUSE_FUNCTION = """
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log refuses % of %.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$
"""

_FUNCTION = """
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql
{settings} AS $${body}$$
"""

# The label tells the variables from columns of the same names.
_BODY = """
<<context>>
DECLARE
    stated jsonb := coalesce(nullif(current_setting('audit.context', true), ''), '{{}}');
    who text := left(coalesce(context.stated ->> 'user_id', 'system'), 100);
    origin text := coalesce(context.stated ->> 'origin', 'shell');
    correlation text := left(coalesce(context.stated ->> 'correlation_id', ''), 100);
    extra jsonb := CASE jsonb_typeof(context.stated -> 'extra')
        WHEN 'object' THEN context.stated -> 'extra' ELSE '{{}}' END;
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO {log}
            (user_id, action, entity_type, entity_id, origin, correlation_id, details)
        SELECT context.who, {created}, {entity}, left(n.{pk}::text, 100), context.origin, context.correlation,
            context.extra || jsonb_build_object('after', {new_row})
        FROM new_rows AS n;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO {log}
            (user_id, action, entity_type, entity_id, origin, correlation_id, details)
        SELECT context.who, {deleted}, {entity}, left(o.{pk}::text, 100), context.origin, context.correlation,
            context.extra || jsonb_build_object('before', {old_row})
        FROM old_rows AS o;
    ELSE
        INSERT INTO {log}
            (user_id, action, entity_type, entity_id, origin, correlation_id, details)
        SELECT context.who,
            CASE WHEN o.{pk} IS NULL THEN {created} WHEN n.{pk} IS NULL THEN {deleted} ELSE {changed} END,
            {entity}, left(coalesce(n.{pk}, o.{pk})::text, 100), context.origin, context.correlation,
            context.extra || concat('{{', concat_ws(',',
                CASE WHEN o.{pk} IS NOT NULL THEN '"before":{{' || {before} || '}}' END,
                CASE WHEN n.{pk} IS NOT NULL THEN '"after":{{' || {after} || '}}' END,
                CASE WHEN o.{pk} = n.{pk} THEN '"private":[' || nullif({private}, '') || ']' END
            ), '}}')::jsonb
        FROM old_rows AS o FULL JOIN new_rows AS n ON n.{pk} = o.{pk}
        WHERE n.{pk} IS NULL OR o.{pk} IS NULL{differs};
    END IF;
    RETURN NULL;
END
"""

_ROWS = {
    "insert": "REFERENCING NEW TABLE AS new_rows",
    "update": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "REFERENCING OLD TABLE AS old_rows",
}
_VERBS = (*_ROWS, "truncate")

_REFUSALS = {
    "no_change": "UPDATE OR DELETE ON {} FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    "no_truncate": "TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
}


@dataclass(frozen=True, slots=True)
class WatchedTable:
    """A table to be watched.

    Attributes:
        log: the log, with its schema, lest a temporary table of that name takes its place.
        table: the table's name.
        entity: what its rows are called in the log, `app.model`.
        pk: the column of its primary key.
        columns: those whose values are kept.
        private: those of which only the change is told.
        has_moments: whether some of the columns are moments, which are written in UTC.
    """

    log: str
    table: str
    entity: str
    pk: str
    columns: Sequence[str]
    private: Sequence[str]
    has_moments: bool

    @property
    def settings(self) -> dict[str, str]:
        """What the trigger function sets while it runs; each costs every write a few microseconds."""
        plan = {"plan_cache_mode": "force_generic_plan"}
        return plan | ({"TimeZone": "UTC"} if self.has_moments else {})

    @property
    def function(self) -> str:
        """The name of the trigger function."""
        return f"audit_{self.table}"

    @property
    def body(self) -> str:
        """The source of the trigger function."""
        return _BODY.format(
            log=self.log,
            pk=_name(self.pk),
            entity=_text(self.entity),
            created=_text(f"{self.entity}.created"),
            changed=_text(f"{self.entity}.changed"),
            deleted=_text(f"{self.entity}.deleted"),
            new_row=_row("n", self.columns),
            old_row=_row("o", self.columns),
            before=_joined(_if_changed(column, _pair("o", column)) for column in self.columns),
            after=_joined(_if_changed(column, _pair("n", column)) for column in self.columns),
            private=_joined(_if_changed(column, _text(json.dumps(column))) for column in self.private),
            differs="".join(f"\n            OR {_differs(name)}" for name in (*self.columns, *self.private)),
        )

    def create(self) -> list[str]:
        """The statements that begin to watch the table, or watch it in another way than before."""
        table, function = _name(self.table), _name(self.function)
        settings = " ".join(f"SET {name} = {_text(value)}" for name, value in self.settings.items())
        statements = [
            _FUNCTION.format(function=function, settings=settings, body=self.body),
            *self._drop_triggers(),
        ]
        for verb, rows in _ROWS.items():
            statements.append(
                f"CREATE TRIGGER {self._trigger(verb)} AFTER {verb.upper()} ON {table} {rows} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
            )
        statements.append(
            f"CREATE TRIGGER {self._trigger('truncate')} BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
        )
        # Always: also for a session that calls itself a replica.
        statements += [f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {self._trigger(verb)}" for verb in _VERBS]
        return statements

    def drop(self) -> list[str]:
        """The statements that cease to watch the table."""
        return [*self._drop_triggers(), f"DROP FUNCTION {_name(self.function)}()"]

    def _drop_triggers(self) -> list[str]:
        return [f"DROP TRIGGER IF EXISTS {self._trigger(verb)} ON {_name(self.table)}" for verb in _VERBS]

    def _trigger(self, verb: str) -> str:
        return _name(f"{self.table}_audit_{verb}")


def refusing_triggers(table: str) -> list[str]:
    """The statements after which rows can only be added to a table."""
    statements = [_REFUSE_FUNCTION]
    for name, when in _REFUSALS.items():
        trigger = _name(f"{table}_{name}")
        statements.append(f"CREATE TRIGGER {trigger} BEFORE {when.format(_name(table))}")
        statements.append(f"ALTER TABLE {_name(table)} ENABLE ALWAYS TRIGGER {trigger}")
    return statements


def no_refusing_triggers(table: str) -> list[str]:
    """The statements that undo `refusing_triggers`."""
    return [f"DROP TRIGGER {_name(f'{table}_{name}')} ON {_name(table)}" for name in _REFUSALS]


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _row(side: str, columns: Iterable[str]) -> str:
    """A JSON object of a row's columns."""
    names = ", ".join(f"{side}.{_name(column)}" for column in columns)
    return f"(SELECT to_jsonb(row) FROM (SELECT {names}) AS row)"  # noqa: S608  (quoted names)


def _differs(column: str) -> str:
    return f"o.{_name(column)} IS DISTINCT FROM n.{_name(column)}"


def _pair(side: str, column: str) -> str:
    """The text of a key and its value in a JSON object.

    Few columns change at a time: putting these few together is cheaper than taking whole objects apart.
    """
    return f"{_text(json.dumps(column) + ':')} || coalesce(to_json({side}.{_name(column)})::text, 'null')"


def _if_changed(column: str, text: str) -> str:
    return f"CASE WHEN {_differs(column)} THEN {text} END"


def _joined(texts: Iterable[str]) -> str:
    """A comma between those texts that are not NULL."""
    return "concat_ws(" + ",\n                    ".join(["','", "NULL", *texts]) + ")"
