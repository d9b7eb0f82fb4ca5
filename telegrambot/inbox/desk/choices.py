"""Which model drafts for whom, with which instructions."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Max

from telegrambot.accounts import authentication_data
from telegrambot.accounts.models import AuthenticationData, CredentialKind, TelegramUser
from telegrambot.accounts.roles import Role
from telegrambot.engine.models import Dialog
from telegrambot.inbox.desk.exceptions import InstructionsTooLong, NothingChosen
from telegrambot.inbox.drafting.endpoints import PRESETS, Endpoint
from telegrambot.inbox.models import Conversation, Provider, SystemPrompt, UserSelectedModel

MAX_INSTRUCTIONS = 8000
# Half of an advisory lock: choices are seldom saved, so all of them wait for each other.
_CHOOSING_LOCK = 0x5B11


@dataclass(frozen=True, slots=True)
class Choice:
    """A model ready to be asked.

    Attributes:
        operator: whose choice it is; None: everybody's, or nobody's.
    """

    endpoint: Endpoint
    model: str
    temperature: float | None
    prompt: SystemPrompt | None
    operator: TelegramUser | None

    @property
    def provider(self) -> str:
        """As it is stored."""
        return self.endpoint.preset.name

    @property
    def instructions(self) -> str:
        """The operators' own system prompt."""
        return self.prompt.text if self.prompt else ""


def for_dialog(dialog: Dialog) -> Choice:
    """The choice of the chat's owner, else of who answers in it, else everybody's.

    Whoever is no operator any more must not read on, which a server of their own would.

    Raises:
        NoCredentials, UnreadableSecret: the key cannot be used.
    """
    people: list[TelegramUser] = []
    owner = getattr(dialog.owner, "person", None) if dialog.owner else None
    if owner is not None:
        people.append(owner)
    current = Conversation.objects.filter(dialog=dialog, is_active=True).select_related("assigned_to").first()
    if current is not None and current.assigned_to is not None:
        people.append(current.assigned_to)
    people = [person for person in people if person.role >= Role.ADMIN and person.is_active]
    rows = UserSelectedModel.objects.select_related("operator", "prompt", "credentials")
    chosen = {row.operator_id: row for row in rows.filter(operator__in=people)}
    for person in people:
        if person.pk in chosen:
            return _choice(chosen[person.pk])
    return _choice(rows.filter(operator=None).first())


def of(operator: TelegramUser | None) -> Choice:
    """The choice of an operator, else everybody's.

    Raises:
        NoCredentials, UnreadableSecret: the key cannot be used.
    """
    return _choice(row_of(operator) or row_of(None))


def row_of(operator: TelegramUser | None) -> UserSelectedModel | None:
    """What an operator (None: everybody) has chosen, if anything."""
    rows = UserSelectedModel.objects.select_related("operator", "prompt", "credentials")
    return rows.filter(operator=operator).first()


@transaction.atomic
def choose(
    operator: TelegramUser | None,
    *,
    provider: str,
    model_name: str = "",
    base_url: str = "",
    credentials_name: str = "",
    instructions: str | None = None,
    temperature: Decimal | None = None,
    actor: TelegramUser | None,
) -> UserSelectedModel:
    """Let a model draft for an operator, or (None) for everybody who has chosen none.

    Args:
        credentials_name: of stored credentials of a model provider; empty: it needs no key.
        instructions: None leaves them as they are; another wording is another version.

    Raises:
        NothingChosen: the provider has many models, and none is named.
        AddressWrong: the address is none, or is missing.
        NoCredentials: there are none of that name.
        InstructionsTooLong: they are.
        ValidationError: the temperature is out of range.
    """
    preset = PRESETS[Provider(provider)]
    is_built_in = provider == Provider.BUILT_IN
    if not is_built_in:
        if not model_name.strip():
            raise NothingChosen
        _ = Endpoint(preset, base_url).url
    credentials = None
    if credentials_name:
        authentication_data.credentials(CredentialKind.MODEL_PROVIDER, credentials_name)
        credentials = AuthenticationData.objects.defer("encrypted_credentials").get(
            kind=CredentialKind.MODEL_PROVIDER, name=credentials_name
        )
    with connection.cursor() as cursor:
        # The first choice has no row to lock yet, nor have the first instructions.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_CHOOSING_LOCK])
    row = UserSelectedModel.objects.select_for_update(no_key=True).filter(operator=operator).first()
    row = row or UserSelectedModel(operator=operator)
    row.provider = provider
    row.model_name = "" if is_built_in else model_name.strip()
    row.base_url = "" if is_built_in else base_url.strip()
    row.credentials = credentials
    if temperature is not None:
        row.temperature = temperature
    if instructions is not None:
        row.prompt = instruct(operator, instructions, actor=actor)
    row.clean_fields(exclude={"operator", "credentials", "prompt"})
    row.save()
    return row


@transaction.atomic
def forget(operator: TelegramUser, *, actor: TelegramUser | None) -> None:
    """Let an operator have everybody's choice again; their instructions stay as versions."""
    UserSelectedModel.objects.filter(operator=operator).delete()


@transaction.atomic
def instruct(operator: TelegramUser | None, text: str, *, actor: TelegramUser | None) -> SystemPrompt | None:
    """The version of an operator's (None: everybody's) instructions with this wording, made if it is new.

    Raises:
        InstructionsTooLong: they are.
    """
    text = text.strip()
    if not text:
        return None
    if len(text) > MAX_INSTRUCTIONS:
        raise InstructionsTooLong(most=MAX_INSTRUCTIONS, length=len(text))
    versions = SystemPrompt.objects.filter(operator=operator)
    latest = versions.order_by("-version").first()
    if latest is not None and latest.text == text:
        return latest
    number = (versions.aggregate(newest=Max("version"))["newest"] or 0) + 1
    return SystemPrompt.objects.create(operator=operator, version=number, text=text, created_by=actor)


def _choice(row: UserSelectedModel | None) -> Choice:
    if row is None:
        return Choice(Endpoint(PRESETS["built_in"]), "", None, None, None)
    key = ""
    if row.credentials is not None:
        known = authentication_data.credentials(CredentialKind.MODEL_PROVIDER, row.credentials.name)
        key = str(known.get("api_key", ""))
    endpoint = Endpoint(PRESETS[row.provider], row.base_url, key)
    return Choice(endpoint, row.model_name, float(row.temperature), row.prompt, row.operator)
