"""The command-line client behind `manage.py dbshell`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.backends.postgresql import client

from config.database import embedded_server


class DatabaseClient(client.DatabaseClient):
    """Uses the bundled `psql` for the embedded server."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        """Return psql's command line and environment, as Django does, with the embedded server started."""
        if not (embedded := settings_dict.get("EMBEDDED")):
            return super().settings_to_cmd_args_env(settings_dict, parameters)
        server = embedded_server(embedded["root"])
        server.ensure()
        address = {key.upper(): value for key, value in server.connection_params().items()}
        args, env = super().settings_to_cmd_args_env(settings_dict | address, parameters)
        return [str(server.client_program), *args[1:]], env
