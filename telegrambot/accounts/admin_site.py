"""Where the admin site comes from."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class SwitchboardAdminConfig(AdminConfig):
    """Makes Unfold's site the default one; goes into INSTALLED_APPS in place of django.contrib.admin.

    Who gets in follows from `User.is_staff`, which follows from the person's role: on every request anew.
    """

    default_site = "unfold.sites.UnfoldAdminSite"
