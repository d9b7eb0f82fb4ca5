"""Which statements are taken for ones that write."""

from __future__ import annotations

import pytest

from config.postgresql.statements import may_write


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO t VALUES (1)",
        "  \n\t update t set a = 1",
        "Delete FROM t",
        "MERGE INTO t USING u ON true WHEN MATCHED THEN DO NOTHING",
        "TRUNCATE t",
        "COPY t FROM STDIN",
        "CALL work()",
        "DO $$ BEGIN PERFORM work(); END $$",
        "EXECUTE prepared(1)",
        "-- why\n-- and how\nUPDATE t SET a = 1",
        "/* why\n and how */ DELETE FROM t",
        "(INSERT INTO t VALUES (1))",
        "WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone",
        "EXPLAIN ANALYZE UPDATE t SET a = 1",
        "SELECT 1; UPDATE t SET a = 1",
        "SET LOCAL a.b = 'c'; insert into t values (1);",
        "CREATE TEMPORARY TABLE x (a int); INSERT INTO t VALUES (1)",
    ],
)
def test_what_writes_is_recognised(statement):
    assert may_write(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "",
        ";",
        "-- nothing",
        "SELECT 1",
        "SELECT * FROM t FOR UPDATE;",
        "SELECT 'INSERT INTO t'",
        "SELECT ';'",
        "(SELECT 1) UNION (SELECT 2)",
        "VALUES (1)",
        "WITH a AS (SELECT updated_at, deleted FROM t) SELECT * FROM a",
        "EXPLAIN SELECT 1",
        'SAVEPOINT "s1"',
        "RELEASE SAVEPOINT s1",
        "ROLLBACK TO SAVEPOINT s1",
        "BEGIN",
        "COMMIT",
        "SET CONSTRAINTS ALL IMMEDIATE",
        "SHOW server_version",
        "LISTEN news",
        "NOTIFY news, 'DELETE'",
        "FETCH 10 FROM c",
        "CLOSE c",
        "LOCK TABLE t",
        # These may not share a message with another statement.
        "VACUUM t",
        "CREATE DATABASE d",
        "CREATE INDEX CONCURRENTLY i ON t (a) WHERE b = 'delete'",
        "REINDEX TABLE CONCURRENTLY t",
        "ALTER SYSTEM SET work_mem = '4MB'",
    ],
)
def test_what_writes_no_rows_is_left_alone(statement):
    assert not may_write(statement)
