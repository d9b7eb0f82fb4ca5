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

from audit.models import Origin

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

# The label tells the variable from a column of the same name. It is the only one: each is set up anew in each
# transaction, which costs a single write more than looking into the object costs a row.
#
# Types are named with their schema, lest a temporary one of that name takes its place.
_BODY = """
<<context>>
DECLARE
    stated pg_catalog.jsonb := coalesce(nullif(current_setting('audit.context', true), ''), '{{}}');
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO {log}
            (user_id, origin, correlation_id, action, entity_type, entity_id, details)
        SELECT {context},
            CASE WHEN o.{pk} IS NULL THEN {created} WHEN n.{pk} IS NULL THEN {deleted} ELSE {changed} END,
            {entity}, left(coalesce(n.{pk}, o.{pk})::pg_catalog.text, 100),
            {extra} || ('{{' || substr(
                {before} ||
                {after} ||
                {private}, 2) || '}}')::pg_catalog.jsonb
        FROM old_rows AS o FULL JOIN new_rows AS n ON n.{pk} = o.{pk}
        WHERE n.{pk} IS NULL OR o.{pk} IS NULL{differs};
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO {log}
            (user_id, origin, correlation_id, action, entity_type, entity_id, details)
        SELECT {context}, {created}, {entity}, left(n.{pk}::pg_catalog.text, 100),
            {extra} || jsonb_build_object('after', to_jsonb(kept.*))
        FROM new_rows AS n, LATERAL (SELECT {new_row}) AS kept;
    ELSE
        INSERT INTO {log}
            (user_id, origin, correlation_id, action, entity_type, entity_id, details)
        SELECT {context}, {deleted}, {entity}, left(o.{pk}::pg_catalog.text, 100),
            {extra} || jsonb_build_object('before', to_jsonb(kept.*))
        FROM old_rows AS o, LATERAL (SELECT {old_row}) AS kept;
    END IF;
    RETURN NULL;
END
"""

# Who acts, whence and as part of what, as far as it was stated and fits.
_CONTEXT = """left(coalesce(context.stated ->> 'user_id', 'system'), 100),
            CASE WHEN context.stated ->> 'origin' = ANY ({origins})
                THEN context.stated ->> 'origin' ELSE 'shell' END,
            left(coalesce(context.stated ->> 'correlation_id', ''), 100)"""
_EXTRA = """CASE jsonb_typeof(context.stated -> 'extra')
                WHEN 'object' THEN context.stated -> 'extra' ELSE '{}' END"""

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
        pk = _name(self.pk)
        changed = [_when(_differs(name), _text("," + json.dumps(name))) for name in self.private]
        is_private = " OR ".join(_differs(name) for name in self.private) or "false"
        return _BODY.format(
            log=self.log,
            pk=pk,
            context=_CONTEXT.format(origins=_text("{" + ",".join(Origin.values) + "}")),
            extra=_EXTRA,
            entity=_text(self.entity),
            created=_text(f"{self.entity}.created"),
            changed=_text(f"{self.entity}.changed"),
            deleted=_text(f"{self.entity}.deleted"),
            new_row=_columns("n", self.columns),
            old_row=_columns("o", self.columns),
            before=_when(f"o.{pk} IS NOT NULL", _side("before", "o", self.columns)),
            after=_when(f"n.{pk} IS NOT NULL", _side("after", "n", self.columns)),
            private=_when(f"o.{pk} = n.{pk} AND ({is_private})", _part("private", "[]", changed)),
            differs="".join(f"\n            OR {_differs(name)}" for name in (*self.columns, *self.private)),
        )

    def create_function(self) -> str:
        """The statement that makes the trigger function, or makes it anew."""
        settings = " ".join(f"SET {name} = {_text(value)}" for name, value in self.settings.items())
        return _FUNCTION.format(function=_name(self.function), settings=settings, body=self.body)

    def create(self) -> list[str]:
        """The statements that begin to watch the table, or watch it in another way than before."""
        table, function = _name(self.table), _name(self.function)
        statements = [self.create_function(), *self._drop_triggers()]
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


def _columns(side: str, columns: Iterable[str]) -> str:
    return ", ".join(f"{side}.{_name(column)}" for column in columns)


def _differs(column: str) -> str:
    return f"o.{_name(column)} IS DISTINCT FROM n.{_name(column)}"


def _when(condition: str, text: str) -> str:
    """Text under a condition, without it an empty one: `||` costs less than functions that pass over NULL."""
    return f"CASE WHEN {condition} THEN {text} ELSE '' END"


def _side(key: str, side: str, columns: Iterable[str]) -> str:
    """The text of a JSON object of those columns that differ, with their values on one side.

    Few columns change at a time: putting these few together is cheaper than taking whole objects apart.
    """
    pairs = []
    for column in columns:
        value = f"coalesce(to_json({side}.{_name(column)})::pg_catalog.text, 'null')"
        pairs.append(_when(_differs(column), f"{_text(',' + json.dumps(column) + ':')} || {value}"))
    return _part(key, "{}", pairs)


def _part(key: str, brackets: str, texts: Sequence[str]) -> str:
    """One part of the details, after a comma; each of the texts in it begins with a comma, or is empty."""
    inside = " ||\n                    ".join(texts) or "''"
    opening, closing = _text(f',"{key}":{brackets[0]}'), _text(brackets[1])
    return f"{opening} || substr({inside}, 2) || {closing}"
