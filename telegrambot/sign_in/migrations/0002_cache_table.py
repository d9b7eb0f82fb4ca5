from __future__ import annotations

from django.db import migrations

# What `createcachetable` would make, so that `migrate` alone prepares a database.
CREATE = """
CREATE TABLE switchboard_cache (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX ix_switchboard_cache_expires ON switchboard_cache (expires);
COMMENT ON TABLE switchboard_cache IS 'Counters of sign-in attempts and other things that may be lost';
"""


class Migration(migrations.Migration):
    dependencies = [("sign_in", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, "DROP TABLE switchboard_cache")]
