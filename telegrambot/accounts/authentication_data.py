"""Credentials of other services, and the only door to them. The program reads them; nobody is shown them.

`actor` is the owner who does it; None stands for the program itself, or a superuser without a person.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from telegrambot.accounts import services
from telegrambot.accounts.exceptions import CredentialsTaken, NoCredentials
from telegrambot.accounts.models import AuthenticationData, CredentialKind, TelegramUser, User
from telegrambot.vault.cipher import Secret


@sensitive_variables()
def credentials(kind: CredentialKind, name: str) -> dict[str, Any]:
    """Return what is needed to sign in to a service.

    Raises:
        NoCredentials: there are none, or they are switched off.
        UnreadableSecret: none of VAULT_KEYS decrypts them.
    """
    found = AuthenticationData.objects.filter(kind=kind, name=name, is_active=True)
    text = found.values_list("encrypted_credentials", flat=True).first()
    if text is None:
        raise NoCredentials(name=name)
    known: dict[str, Any] = json.loads(text)
    return known


@sensitive_variables()
@transaction.atomic
def store(
    kind: CredentialKind,
    name: str,
    secrets: Mapping[str, Any],
    *,
    actor: TelegramUser | None,
    user: User | None = None,
    is_active: bool = True,
) -> AuthenticationData:
    """Keep credentials, encrypted.

    Args:
        secrets: as JSON knows them.
        user: whose they are; None: the whole installation's.

    Raises:
        OwnersOnly: `actor` is no owner.
        CredentialsTaken: there are some of that kind and name.
    """
    services.require_owner(actor)
    try:
        with transaction.atomic():
            return AuthenticationData.objects.create(
                kind=kind,
                name=name,
                user=user,
                is_active=is_active,
                encrypted_credentials=Secret(json.dumps(dict(secrets))),
            )
    except IntegrityError:
        raise CredentialsTaken(name=name) from None


@sensitive_variables()
@transaction.atomic
def replace(pk: int, secrets: Mapping[str, Any], *, actor: TelegramUser | None) -> None:
    """Keep other credentials in place of the present ones.

    Raises:
        OwnersOnly: `actor` is no owner.
        UnreadableSecret: none of VAULT_KEYS decrypts the present ones; they stay.
        AuthenticationData.DoesNotExist: there are none of that key.
    """
    services.require_owner(actor)
    row = AuthenticationData.objects.select_for_update(no_key=True).get(pk=pk)
    row.encrypted_credentials = Secret(json.dumps(dict(secrets)))
    row.save(update_fields=["encrypted_credentials"])


@transaction.atomic
def describe(pk: int, *, actor: TelegramUser | None, **values: Any) -> None:
    """Change anything but the credentials themselves, which need not be readable for that.

    Args:
        values: of `name`, `user` and `is_active` those that change.

    Raises:
        OwnersOnly: `actor` is no owner.
        CredentialsTaken: there are some of that kind and name.
        AuthenticationData.DoesNotExist: there are none of that key.
    """
    services.require_owner(actor)
    try:
        with transaction.atomic():
            if not AuthenticationData.objects.filter(pk=pk).update(**values):
                raise AuthenticationData.DoesNotExist
    except IntegrityError:
        raise CredentialsTaken(name=values.get("name", "")) from None


@transaction.atomic
def remove(pk: int, *, actor: TelegramUser | None) -> None:
    """Forget credentials, readable or not; does nothing when they are gone.

    Raises:
        OwnersOnly: `actor` is no owner.
    """
    services.require_owner(actor)
    AuthenticationData(pk=pk).delete()  # not loaded: it may be unreadable
