"""What a role may do in the browser. This is the only table of permissions; new apps add their lines here."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission

from telegrambot.accounts.models import User
from telegrambot.accounts.roles import Role

# Owners may do everything, people below admin nothing. Admins look at everything but this …
OWNERS_ALONE_SEE = frozenset(
    {
        "accounts.authenticationdata",
        "accounts.ownerclaim",
        "accounts.user",
        "audit.eventlog",
        "sign_in.session",
    }
)
# … and may besides:
ADMINS_MAY = frozenset(
    {
        "accounts.change_botcommand",
        "accounts.change_telegramuser",
        "engine.change_inboundupdate",
        "engine.change_message",
        *(
            f"broadcasts.{verb}_{model}"
            for verb in ("add", "change", "delete")
            for model in ("broadcast", "broadcastmedia", "segment")
        ),
        *(
            f"guides.{verb}_{model}"
            for verb in ("add", "change", "delete")
            for model in ("guide", "guidecategory")
        ),
        "inbox.change_conversation",
        "inbox.change_draftreply",
        "inbox.change_userselectedmodel",
        *(
            f"inbox.{verb}_{model}"
            for verb in ("add", "change", "delete")
            for model in ("note", "savedreply")
        ),
        *(
            f"projects.{verb}_{model}"
            for verb in ("add", "change", "delete")
            for model in ("project", "release", "feature")
        ),
    }
)


def may(role: Role, permission: str) -> bool:
    """Tell whether a role includes a permission such as "accounts.view_telegramuser"."""
    if role < Role.ADMIN:
        return False
    if role >= Role.OWNER or permission in ADMINS_MAY:
        return True
    app, _, codename = permission.partition(".")
    verb, _, model = codename.partition("_")
    return verb == "view" and f"{app}.{model}" not in OWNERS_ALONE_SEE


class RoleBackend(ModelBackend):
    """Sign-in by name and password; permissions from the role of the linked person, never from tables."""

    def get_user(self, user_id: int) -> User | None:
        """Read the account with its person: every request needs both."""
        user = User.objects.select_related("person").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return user_obj.is_active and may(user_obj.role, perm)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        # The models inside are asked one by one.
        return user_obj.is_active and user_obj.role >= Role.ADMIN

    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not user_obj.is_active:
            return set()
        known = Permission.objects.values_list("content_type__app_label", "codename")
        return {permission for permission in map(".".join, known) if may(user_obj.role, permission)}

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()
