"""Signing in is for staff accounts only, and nobody who has one is erased before it is unlinked."""

from __future__ import annotations

from telegrambot.accounts.personal_data import exempt

exempt("sign_in.Session", "A staff account's.")
exempt("account.EmailAddress", "A staff account's.")
exempt("account.EmailConfirmation", "A staff account's.")
exempt("mfa.Authenticator", "A staff account's.")
