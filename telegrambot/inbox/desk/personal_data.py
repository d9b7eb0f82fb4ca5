"""What the desk keeps about people. Imported by the app's `personal_data`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from telegrambot.accounts.personal_data import Holding, exempt, register
from telegrambot.inbox.desk import forgetting  # noqa: F401  (what goes with a chat's history)
from telegrambot.inbox.models import (
    BusinessConnection,
    DialogSummary,
    DraftCard,
    DraftInProgress,
    DraftReply,
    HeldText,
    ModelCall,
    SystemPrompt,
    UserSelectedModel,
)

register(
    Holding(
        "inbox.draft_cards",
        DraftCard,
        "",
        lambda person: DraftCard.objects.filter(draft__dialog__person=person),
        order=15,
    )
)
register(
    Holding(
        "inbox.drafts",
        DraftReply,
        _("Answers drafted for you"),
        lambda person: DraftReply.objects.filter(dialog__person=person),
        fields={
            "created_at": _("drafted"),
            "suggested_response": _("suggestion"),
            "edited_response": _("edited"),
            "status": _("status"),
            "rejection_reason": _("reason"),
        },
        order=20,
    )
)
register(
    Holding(
        "inbox.summaries",
        DialogSummary,
        _("Summary of your older messages"),
        lambda person: DialogSummary.objects.filter(dialog__person=person),
        fields={"made_at": _("written"), "text": _("text")},
        order=20,
    )
)
register(
    Holding(
        "inbox.held_texts",
        HeldText,
        _("Messages that wait for an answer"),
        lambda person: HeldText.objects.filter(dialog__person=person),
        fields={"created_at": _("written"), "text": _("text")},
        order=20,
    )
)
register(
    Holding(
        "inbox.drafts_in_progress",
        DraftInProgress,
        "",
        lambda person: DraftInProgress.objects.filter(dialog__person=person),
        order=20,
    )
)
register(
    Holding(
        "inbox.model_calls",
        ModelCall,
        "",
        lambda person: ModelCall.objects.filter(dialog__person=person),
        order=20,
    )
)
register(
    Holding(
        "inbox.business_connections",
        BusinessConnection,
        _("Business accounts"),
        lambda person: BusinessConnection.objects.filter(person=person),
        fields={"connected_at": _("connected"), "is_enabled": _("switched on"), "rights": _("rights")},
        # Telegram's connection lives on: without the row it would count as one from before there were rows.
        blank={"person": None, "is_enabled": False, "can_reply": False, "rights": {}},
        order=20,
    )
)
register(
    Holding(
        "inbox.model_choices",
        UserSelectedModel,
        _("The model that drafts for you"),
        lambda person: UserSelectedModel.objects.filter(operator=person),
        fields={"provider": _("provider"), "model_name": _("model"), "base_url": _("address")},
        order=20,
    )
)
register(
    Holding(
        "inbox.instructions",
        SystemPrompt,
        _("Your instructions for the model"),
        lambda person: SystemPrompt.objects.filter(operator=person),
        fields={"created_at": _("written"), "text": _("instructions")},
        order=25,
    )
)
exempt("inbox.AutomaticTopic", "It names a guide.")
