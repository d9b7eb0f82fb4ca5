"""What the inbox refuses, in the words people read."""

from __future__ import annotations

from config.errors import DomainError


class ConversationNotFound(DomainError):
    """That conversation is not there any more. Please look at the inbox again."""


class NoteNotFound(DomainError):
    """That note is not there any more."""


class SavedReplyNotFound(DomainError):
    """That saved reply is not there any more. Please choose another one."""


class AnsweredMeanwhile(DomainError):
    """{name} has answered since you looked, so nothing was sent. Please read that answer first, then send
    yours if it is still needed."""


class NothingToAnswer(DomainError):
    """There is nothing to send yet. Please write a text or add a photo."""


class WrongAnswer(DomainError):
    """This cannot be sent: {problem}"""


class CannotPassOn(DomainError):
    """That kind of message cannot be passed on. Please send a text, a photo, a video, a voice message or a
    file."""


class PersonBlockedBot(DomainError):
    """{name} has blocked the bot, so nothing can be sent to them."""


class AnsweringWindowOver(DomainError):
    """In a business chat Telegram lets the bot answer for {hours} hours after the last message. That time is
    over: please answer from the business account itself."""


class AccountDisconnected(DomainError):
    """The bot is not connected to this business account any more, so nothing can be sent there. Please answer
    from the account itself."""


class AccountNotServed(DomainError):
    """The owner of this business account is not an operator, so nothing can be sent there. Please answer from
    the account itself."""


class MayNotAnswer(DomainError):
    """In this business account the bot may read but not answer. Its owner can allow that in Telegram, in the
    settings for business."""


class KeyTooLong(DomainError):
    """This form cannot be sent. Please open the conversation again and send your answer from there."""


class NotAnOperator(DomainError):
    """{name} may not work in the inbox. Please choose somebody who is an admin."""


class AnotherIsOpen(DomainError):
    """A newer conversation with this person is open already. Please go on there."""


class NoteTooLong(DomainError):
    """A note may have {most} characters and this one has {length}. Please shorten it."""


class NoteEmpty(DomainError):
    """There is nothing in this note yet. Please write something first."""


class WrongButton(DomainError):
    """“{label}” is no button that can be sent. A button needs a label of at most {most} characters, and an
    https link or a command that everybody may use."""


class TooManyFiles(DomainError):
    """One answer takes at most {most} files. Please send the others in another answer."""


class FileTooLarge(DomainError):
    """“{name}” is too large: the files of an answer may have {most} MB together. Please choose smaller
    ones."""
