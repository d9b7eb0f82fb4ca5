"""What the engine refuses, in the words people read."""

from __future__ import annotations

from config.errors import DomainError


class TooManyAtOnce(DomainError):
    """That is more than {limit} at once. Please choose fewer."""


class NotFailed(DomainError):
    """Only failed updates can be retried. Not failed among the chosen ones: {count}."""


class NothingToRetry(DomainError):
    """An update that could not be read, or whose content is no longer kept, cannot be retried: {count}."""


class NothingToSend(DomainError):
    """What these messages said is not kept any more, so they cannot be sent again: {count}."""


class NotUndelivered(DomainError):
    """Only failed and uncertain messages can be sent again. Others among the chosen ones: {count}."""


class MediaGone(DomainError):
    """This file is not available any more."""


class MediaTooLarge(DomainError):
    """This file is larger than {limit} MB: Telegram lets bots fetch no more. Please ask for a smaller one."""


class MediaUnavailable(DomainError):
    """Telegram did not give the file just now. Please try again in a moment."""


class NotUncertain(DomainError):
    """Only uncertain messages can be counted as sent. Others among the chosen ones: {count}."""


class AlreadySending(DomainError):
    """A message that is being sent can no longer be cancelled: {count}. Please look again in a moment."""


class NotQueued(DomainError):
    """Only queued messages can be cancelled. Others among the chosen ones: {count}."""


class ForeignDatabase(DomainError):
    """This database belongs to the bot @{owner}, not to @{other}. Give each bot a database of its own."""


class TokenRefused(DomainError):
    """Telegram does not accept the bot's token. Check TELEGRAM_BOT_TOKEN, or ask @BotFather for a new one."""


class WebhookIsSet(DomainError):
    """Telegram sends this bot's updates to {url}. Run "manage.py deletewebhook" first, or start with
    --no-polling."""


class AlreadyPolling(DomainError):
    """This bot is polled already, by {holder} since {since}. Stop that process first, or start with
    --no-polling."""


class UnfitPhoto(DomainError):
    """Telegram does not take “{name}” as a photo: at most 10 MB, at most 10,000 pixels in width and height
    together, and no side more than 20 times the other. Please choose another one."""


class NoText(DomainError):
    """There are no words in that. Please send me a text, or /cancel."""


class JobNotFailed(DomainError):
    """{count} of these jobs did not fail: there is nothing to run again. Choose failed ones only."""


class JobNotWaiting(DomainError):
    """{count} of these jobs began or ended already: they can no longer be cancelled."""


class JobWaitsAlready(DomainError):
    """The same work waits in the queue already: it will be done without this job."""
