"""What is recorded about conversations: refusals, and what operators decide."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.vocabulary import declare

declare("engine.command.refused", _("command refused"))
declare("engine.update.retried", _("update handled once more"))
declare("engine.message.sent_again", _("message sent again"))
declare("engine.message.counted_as_sent", _("message counted as sent"))
declare("engine.message.cancelled", _("message taken back"))
declare("engine.job.retried", _("background job run once more"))
declare("engine.job.cancelled", _("background job taken back"))
declare("engine.webhook.set", _("webhook set"))
declare("engine.webhook.removed", _("webhook removed"))
