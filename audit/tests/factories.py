"""Events for tests, as triggers and `record` would have written them."""

from __future__ import annotations

import factory
from factory.django import DjangoModelFactory

from audit.models import EventLog, Origin


class EventFactory(DjangoModelFactory):
    """Somebody finished a feature."""

    class Meta:
        model = EventLog

    user_id = "system"
    action = factory.LazyAttribute(lambda event: f"{event.entity_type}.changed")
    entity_type = "projects.feature"
    entity_id = "7"
    origin = Origin.ADMIN
    correlation_id = "request:1"
    details = factory.LazyFunction(lambda: {"before": {"status": "planned"}, "after": {"status": "done"}})
