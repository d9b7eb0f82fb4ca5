"""The provider as a process."""

from __future__ import annotations

import argparse
import asyncio

from tests.model_server.server import ModelServer

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A language model's provider for tests.")
    parser.add_argument("--port", type=int, default=8090)
    server = ModelServer(parser.parse_args().port)
    server.key = ""
    asyncio.run(server.serve())
