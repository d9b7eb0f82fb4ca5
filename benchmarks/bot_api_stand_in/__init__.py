"""A fast stand-in for Telegram's Bot API, for measurements and crash tests: in memory, one process.

    python -m benchmarks.bot_api_stand_in --port 8081

It speaks what a bot needs (https://core.telegram.org/bots/api): `getUpdates` with offsets and long polling,
everything that sends or edits, and `true` for the rest. It checks no texts and no markup: the sandbox does
that. `client.StandInClient` tells it what to do.
"""
