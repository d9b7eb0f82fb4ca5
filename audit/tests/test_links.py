"""What the log links to opens: for every model whose changes it writes and that has pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import RequestFactory

from audit import admin_links as links
from audit.audited import audited_models
from projects.tests.factories import FeatureFactory, ProjectFactory, ReleaseFactory
from telegrambot.accounts.models import AuthenticationData, CredentialKind
from telegrambot.accounts.roles import Role
from telegrambot.accounts.tests.factories import BotCommandFactory, TelegramUserFactory, UserFactory
from telegrambot.broadcasts.tests.factories import BroadcastFactory, SegmentFactory
from telegrambot.engine.tests.factories import DialogFactory
from telegrambot.guides.tests.factories import GuideCategoryFactory, GuideFactory
from telegrambot.inbox.models import AutomaticTopic, BusinessConnection, UserSelectedModel
from telegrambot.inbox.tests.desk.factories import DraftReplyFactory
from telegrambot.inbox.tests.factories import ConversationFactory, SavedReplyFactory
from telegrambot.vault.models import AppSetting

pytestmark = pytest.mark.django_db


def _connection() -> Model:
    return BusinessConnection.objects.create(
        connection_id="c1", person=TelegramUserFactory.create(), bot_id=1
    )


ROWS: dict[str, Callable[[], Any]] = {
    "accounts.authenticationdata": lambda: AuthenticationData.objects.create(
        kind=CredentialKind.PLATFORM, name="Key"
    ),
    "accounts.botcommand": BotCommandFactory,
    "accounts.telegramuser": TelegramUserFactory,
    "accounts.user": UserFactory,
    "broadcasts.broadcast": BroadcastFactory,
    "broadcasts.segment": SegmentFactory,
    "engine.dialog": DialogFactory,
    "guides.guide": GuideFactory,
    "guides.guidecategory": GuideCategoryFactory,
    "inbox.automatictopic": lambda: AutomaticTopic.objects.create(topic="a/b", title="Opening hours"),
    "inbox.businessconnection": _connection,
    "inbox.conversation": ConversationFactory,
    "inbox.draftreply": DraftReplyFactory,
    "inbox.savedreply": SavedReplyFactory,
    "inbox.userselectedmodel": lambda: UserSelectedModel.objects.create(provider="built_in"),
    "projects.feature": FeatureFactory,
    "projects.project": ProjectFactory,
    "projects.release": ReleaseFactory,
    "vault.appsetting": lambda: AppSetting.objects.create(key="drafting.automatic", value="true"),
}
WITH_PAGES = [found._meta.label_lower for found in audited_models() if admin.site.is_registered(found)]


@pytest.mark.parametrize("kind", WITH_PAGES)
def test_the_page_of_a_row_opens(client, kind):
    staff = UserFactory(person__role=Role.OWNER)
    client.force_login(staff)
    request = RequestFactory().get("/")
    request.user = staff

    address = links.page_of((kind, str(ROWS[kind]().pk)), request)

    assert client.get(address, follow=True).status_code == 200
