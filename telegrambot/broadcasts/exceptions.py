"""What can go wrong with broadcasts; each docstring is the sentence a person reads."""

from __future__ import annotations

from config.errors import DomainError


class NotADraft(DomainError):
    """“{title}” is {status}: it cannot be changed or started any more. Make a copy of it instead."""


class NotSending(DomainError):
    """“{title}” is {status}, so it cannot be paused."""


class NotPaused(DomainError):
    """“{title}” is {status}, so there is nothing to resume."""


class AlreadyOver(DomainError):
    """“{title}” is {status}: there is nothing left to cancel."""


class NotStarted(DomainError):
    """“{title}” is {status}: nobody has got it yet."""


class NothingToSay(DomainError):
    """“{title}” says nothing yet. Please give it a text, a photo or a video."""


class WrongMedia(DomainError):
    """“{title}” does not fit its type: a photo or video is one file, an album two to ten."""


class NobodyToTell(DomainError):
    """Nobody would get “{title}” now. Please choose another audience."""


class TimeIsPast(DomainError):
    """That moment is past. Please choose a later one."""


class TimeIsTooFar(DomainError):
    """That moment is more than five years away. Please choose an earlier one."""


class ConfirmationNeeded(DomainError):
    """“{title}” would go to {count} people. Please type that number to confirm."""


class ChangedMeanwhile(DomainError):
    """“{title}” was changed meanwhile. Please look at it again."""


class CannotReachYou(DomainError):
    """The bot cannot write to you yet. Please send it /start in Telegram first."""


class BroadcastNotFound(DomainError):
    """That broadcast is not there any more. /broadcasts shows those that are."""


class WrongText(DomainError):
    """This cannot be sent. {problem}"""


class DeadButton(DomainError):
    """The button “{label}” opens nothing: there is no {target}."""


class NothingToRetry(DomainError):
    """No copy of “{title}” failed that could be sent again now."""


class AlreadyRecalled(DomainError):
    """“{title}” was taken back already."""


class PauseFirst(DomainError):
    """“{title}” is being sent. Please pause it before you correct it."""


class StillCorrecting(DomainError):
    """“{title}” is being corrected. Please resume it in a moment."""


class TakenBack(DomainError):
    """“{title}” was cancelled, stopped or taken back, so its copies are not sent again."""


class NotForThem(DomainError):
    """Of the chosen copies {count} would go to people who get no broadcasts any more: they opted out, blocked
    the bot or were switched off. Please choose the others only."""


class NothingChanged(DomainError):
    """That is the text “{title}” has already."""


class UnknownMoment(DomainError):
    """I do not understand “{text}” as a time. Please write 2026-03-15 18:30, 15.03 18:30 or tomorrow 9:00."""


class NoNumber(DomainError):
    """That is not the number of recipients. Please type it in digits, or /cancel."""


class BadButtons(DomainError):
    """Please write one button a line, such as: Read more | https://example.org"""


class TooOldToRecall(DomainError):
    """No copy of “{title}” can be deleted any more: Telegram allows it for 48 hours."""


class UnknownFile(DomainError):
    """“{name}” is no photo (JPEG, PNG, WebP) and no video (MP4). Please choose another file."""


class FileTooLarge(DomainError):
    """“{name}” is larger than {most} MB. Please choose a smaller file."""


class TooManyFiles(DomainError):
    """An album holds at most {most} photos and videos. Please choose fewer."""


class SegmentInUse(DomainError):
    """“{name}” cannot be deleted: {count} broadcasts are for it. Choose other people for them first."""
