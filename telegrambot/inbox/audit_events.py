"""What is recorded about conversations beside the changes of their rows."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.vocabulary import declare

declare("inbox.conversation.answered", _("conversation answered"))
declare("inbox.conversation.assigned", _("conversation assigned"))
declare("inbox.conversation.handed_over", _("conversation handed over"))
declare("inbox.conversation.released", _("conversation assigned to nobody"))
declare("inbox.conversation.closed", _("conversation closed"))
declare("inbox.conversation.reopened", _("conversation opened again"))
declare("inbox.draft.approved", _("draft approved"))
declare("inbox.draft.rejected", _("draft rejected"))
declare("inbox.draft.sent_alone", _("draft sent without a person"))
