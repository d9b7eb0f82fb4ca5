"""What people are told when something about people cannot be done; each docstring is the sentence."""

from __future__ import annotations

from config.errors import DomainError


class OwnersOnly(DomainError):
    """Only an owner may do this."""


class LastOwner(DomainError):
    """{name} is the last owner. Please make someone else an owner first."""


class PersonNotFound(DomainError):
    """I do not know “{text}”. They have to write to the bot first."""


class PersonAmbiguous(DomainError):
    """More than one person is known as “{text}”. Please use the numeric Telegram id."""


class UnknownRole(DomainError):
    """There is no role “{text}”. Please choose one of: {roles}."""


class RoleBelowProgram(DomainError):
    """/{command} demands at least the role “{role}”. Please choose that one or a higher one."""


class UnknownLanguage(DomainError):
    """I do not speak “{text}” yet. Please choose one of: {languages}."""


class UnknownTimeZone(DomainError):
    """I do not know the time zone “{text}”. Please send a name such as Europe/Berlin, or a large city."""


class TimeZoneMissing(UnknownTimeZone):
    """Please send the name of your time zone, such as Europe/Berlin, or a large city near you."""


class BadQuietHours(DomainError):
    """Please send two different times, such as 22:00-07:00."""


class ClaimInvalid(DomainError):
    """This link is no longer valid. Please run “manage.py claimowner” again and open the new link."""


class AccountTaken(DomainError):
    """The account “{account}” already belongs to {name}. Please unlink it there first."""


class TeamMember(DomainError):
    """A member of the team cannot be erased. An owner has to take away the role and the account first."""


class TooSoon(DomainError):
    """You had your data less than an hour ago. Please ask again a little later."""


class TooMuchData(DomainError):
    """There is more about you than fits into a file that Telegram takes. Please ask us to send it to you."""


class UnknownCondition(DomainError):
    """People cannot be chosen by “{name}”."""


class BadCondition(DomainError):
    """“{value}” is no value for “{name}”. Please choose another one."""


class NoCredentials(DomainError):
    """There are no active credentials “{name}”. Please enter them under Credentials in the admin."""


class CredentialsTaken(DomainError):
    """There are credentials of this kind called “{name}” already. Please choose another name."""
