"""What the reply desk refuses, in the words people read."""

from __future__ import annotations

from config.errors import DomainError


class DraftNotFound(DomainError):
    """That draft is not there any more. Please look at the desk again."""


class DecidedAlready(DomainError):
    """{name} has decided about this draft already ({status}). Nothing was changed."""


class SettledAlready(DomainError):
    """This draft is no longer open ({status}). Nothing was changed."""


class KeepsNoHistory(DomainError):
    """This chat keeps no history, so nothing of it is shown here. Please decide at the reply desk in the
    browser."""


class Outdated(DomainError):
    """The person has written again since this draft was made, so it was not sent. Another draft is on its
    way."""


class NothingToSend(DomainError):
    """The answer is empty. Please write something, or reject the draft."""


class ReplyTooLong(DomainError):
    """An answer may have {most} characters and this one has {length}. Please shorten it."""


class DialogNotFound(DomainError):
    """That chat is not there any more."""


class NotAPrivateChat(DomainError):
    """Drafts are made for private chats only."""


class NotEarnedYet(DomainError):
    """Automatic answers have to be earned: so far {count} of {needed} drafts in a row were approved with
    small edits. Please go on approving until then."""


class StillUndelivered(DomainError):
    """It is not certain that the last answer in this chat has arrived. Please decide about it first: there is
    no other draft until then."""


class DailyLimitReached(DomainError):
    """The daily limit of the models is reached. Drafts go on tomorrow, or when the limit is raised in the
    settings."""


class BrokenOff(DomainError):
    """The model was stopped before its answer was complete. Please ask for another draft, or write the answer
    yourself."""


class InstructionsTooLong(DomainError):
    """The instructions may have {most} characters and these have {length}. Please shorten them."""


class TextNeeded(DomainError):
    """Please send a text here. Photos and files can be sent from the open chat."""


class EntryTooLong(DomainError):
    """This may have {most} characters and it has {length}. Please shorten it."""


class NothingChosen(DomainError):
    """Please name the model, as the provider calls it."""


class NothingAsked(DomainError):
    """Please write a question first, as a customer would ask it."""
