"""What a person at the chat page may be told."""

from __future__ import annotations

from config.errors import DomainError


class DatabaseOfRealBot(DomainError):
    """This database belongs to @{username}, whose people must never meet those of the demo. Set
    TELEGRAM_BOT_TOKEN again, or give the sandbox another database."""


class NothingToSend(DomainError):
    """Write something or choose a file first."""


class MessageTooLong(DomainError):
    """That is too long: Telegram takes {limit} characters."""


class FileTooLarge(DomainError):
    """That file is too large: {limit} MB is the most."""


class BotIsBlocked(DomainError):
    """The bot is blocked. Unblock it to write to it."""


class NotStarted(DomainError):
    """Press Start first: the bot does not know this person yet."""


class MessageGone(DomainError):
    """That message is not there any more."""


class ButtonGone(DomainError):
    """That button is not there any more."""


class NotYourMessage(DomainError):
    """Only one's own texts can be edited."""


class InvalidStartCode(DomainError):
    """A start code has 1 to 64 Latin letters, digits, hyphens or underscores."""


class InvalidPerson(DomainError):
    """A first name has 1 to 64 characters, a last name at most 64, a user name 3 to 32 Latin letters,
    digits or underscores."""


class NotAMember(DomainError):
    """This person is not in that chat."""


class OnlyAdminsPost(DomainError):
    """Only administrators can post in a channel."""


class OnlyAdminsManage(DomainError):
    """Only administrators can do that here."""


class InvalidTitle(DomainError):
    """A title has 1 to {limit} characters."""


class TooManyFiles(DomainError):
    """An album takes {limit} files at most."""


class NotConnected(DomainError):
    """The bot is not connected to this account."""


class NotWithOneself(DomainError):
    """Choose somebody else: nobody is their own customer."""


class InvalidFault(DomainError):
    """Choose a fault and a method from the lists, 1 to {calls} calls, and 1 to {seconds} seconds."""
