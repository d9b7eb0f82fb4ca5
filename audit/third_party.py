"""The tables that packages brought along, and why the log does not watch them."""

from __future__ import annotations

_ROLES_DECIDE = "Unused: what a person may do follows from their role."
_OF_PROCRASTINATE = "It moves with every background job; a job's own changes are logged."

# Reasons by the model's label.
NOT_AUDITED = {
    "admin.LogEntry": "It is a log itself, which ours takes the place of.",
    "account.EmailAddress": "Unused: nobody signs in by email.",
    "account.EmailConfirmation": "Unused: nobody signs in by email.",
    "auth.Group": _ROLES_DECIDE,
    "auth.Group_permissions": _ROLES_DECIDE,
    "auth.Permission": _ROLES_DECIDE,
    "contenttypes.ContentType": "It names the models, as the program has them.",
    "mfa.Authenticator": "It holds secrets; a second step added or removed is an event of its own.",
    "procrastinate.ProcrastinateEvent": _OF_PROCRASTINATE,
    "procrastinate.ProcrastinateJob": _OF_PROCRASTINATE,
    "procrastinate.ProcrastinatePeriodicDefer": _OF_PROCRASTINATE,
    "procrastinate.ProcrastinateWorker": _OF_PROCRASTINATE,
    "sessions.Session": "Unused: sessions are kept in a table of our own.",
}
