"""What a message carries besides its text: its type, and what is kept of its media."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# An animation carries a document too, a venue a location: the more telling name comes first.
_CONTENT = (
    "text",
    "photo",
    "video",
    "animation",
    "document",
    "voice",
    "audio",
    "video_note",
    "sticker",
    "story",
    "venue",
    "location",
    "contact",
    "poll",
    "dice",
    "checklist",
    "game",
    "paid_media",
    "invoice",
    "giveaway",
)
# What Telegram itself says in a chat: https://core.telegram.org/bots/api#message
_SERVICE = (
    "new_chat_members",
    "left_chat_member",
    "chat_owner_left",
    "chat_owner_changed",
    "managed_bot_created",
    "new_chat_title",
    "new_chat_photo",
    "delete_chat_photo",
    "group_chat_created",
    "supergroup_chat_created",
    "channel_chat_created",
    "message_auto_delete_timer_changed",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
    "pinned_message",
    "successful_payment",
    "refunded_payment",
    "users_shared",
    "chat_shared",
    "gift",
    "gift_upgrade_sent",
    "unique_gift",
    "connected_website",
    "write_access_allowed",
    "proximity_alert_triggered",
    "boost_added",
    "chat_background_set",
    "checklist_tasks_done",
    "checklist_tasks_added",
    "poll_option_added",
    "poll_option_deleted",
    "direct_message_price_changed",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_closed",
    "forum_topic_reopened",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "giveaway_created",
    "giveaway_completed",
    "giveaway_winners",
    "paid_message_price_changed",
    "suggested_post_approved",
    "suggested_post_approval_failed",
    "suggested_post_declined",
    "suggested_post_paid",
    "suggested_post_refunded",
    "video_chat_scheduled",
    "video_chat_started",
    "video_chat_ended",
    "video_chat_participants_invited",
    "web_app_data",
)
SERVICE = "service"
OTHER = "other"

_OF_FILES = (
    "mime_type",
    "duration",
    "width",
    "height",
    "emoji",
    "performer",
    "title",
    "is_video",
    "is_animated",
)
# What is kept of what is no file, by type.
_OF_TYPES = {
    "location": ("latitude", "longitude", "live_period"),
    "contact": ("phone_number", "first_name", "last_name", "user_id"),
    "poll": ("question", "type", "allows_multiple_answers"),
    "dice": ("emoji", "value"),
    "invoice": ("title", "currency", "total_amount"),
}


def type_of(body: Mapping[str, Any]) -> str:
    """The most telling name of what a message of the Bot API is."""
    for name in _CONTENT:
        if name in body:
            return name
    return SERVICE if any(name in body for name in _SERVICE) else OTHER


def payload(body: Mapping[str, Any], message_type: str) -> dict[str, Any]:
    """What is kept beside the text: file ids, sizes, places, what it replies to. JSON."""
    kept: dict[str, Any] = {}
    content: Any = body.get(message_type)
    if message_type == SERVICE:
        kept["service"] = next(name for name in _SERVICE if name in body)
    elif message_type == "venue":
        kept["venue"] = _chosen(content, ("title", "address")) | _chosen(
            content.get("location", {}), _OF_TYPES["location"]
        )
    elif message_type in _OF_TYPES:
        kept[message_type] = _chosen(content, _OF_TYPES[message_type])
        if message_type == "poll":
            kept["poll"]["options"] = [str(option["text"]) for option in content.get("options", [])]
    else:
        kept |= file_of(content)
    if "media_group_id" in body:
        kept["media_group_id"] = str(body["media_group_id"])
    if quoted := body.get("reply_to_message") or body.get("pinned_message"):
        kept["reply_to"] = quoted.get("message_id")
    return kept


def file_of(content: Any) -> dict[str, Any]:
    """What is kept of a file, with the smallest picture of it; of a photo's sizes the largest is the file."""
    sizes = content if isinstance(content, list) else []
    largest = sizes[-1] if sizes else content
    if not isinstance(largest, Mapping) or "file_id" not in largest:
        return {}
    kept = {
        "file_id": largest["file_id"],
        "name": largest.get("file_name", ""),
        **_chosen(largest, _OF_FILES),
    }
    if "file_size" in largest:
        kept["size"] = largest["file_size"]
    small = sizes[0] if len(sizes) > 1 else largest.get("thumbnail") or largest.get("thumb")
    if isinstance(small, Mapping) and "file_id" in small:
        kept["thumbnail"] = {"file_id": small["file_id"], "size": small.get("file_size", 0)}
    return kept


def _chosen(content: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: content[name] for name in names if name in content}
