"""Where models are: the providers that are known, and one's own servers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from telegrambot.inbox.drafting.exceptions import AddressWrong, KeyMissing, KeyRefused
from telegrambot.vault.cipher import Secret


class Protocol(StrEnum):
    """The languages that providers speak."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    BUILT_IN = "built_in"


@dataclass(frozen=True, slots=True)
class Preset:
    """What is known of a provider before anybody set it up.

    Attributes:
        name: how it is stored.
        base_url: where it is, unless the operator says otherwise.
        limit_parameter: how it calls the greatest length of an answer (OpenAI protocol only).
        is_free: it runs on one's own machine: nobody sends a bill.
    """

    name: str
    label: Promise | str
    protocol: Protocol
    base_url: str = ""
    needs_key: bool = False
    limit_parameter: str = "max_tokens"
    is_free: bool = False


_ALL = (
    Preset("built_in", _("Without a model"), Protocol.BUILT_IN, is_free=True),
    Preset(
        "openai",
        "OpenAI",
        Protocol.OPENAI,
        "https://api.openai.com/v1",
        needs_key=True,
        limit_parameter="max_completion_tokens",
    ),
    Preset("anthropic", "Anthropic", Protocol.ANTHROPIC, "https://api.anthropic.com", needs_key=True),
    Preset(
        "gemini",
        "Gemini",
        Protocol.OPENAI,
        "https://generativelanguage.googleapis.com/v1beta/openai",
        needs_key=True,
    ),
    Preset("ollama", "Ollama", Protocol.OPENAI, "http://localhost:11434/v1", is_free=True),
    Preset("vllm", "vLLM", Protocol.OPENAI, "http://localhost:8000/v1", is_free=True),
    Preset("other", _("Another server that speaks like OpenAI"), Protocol.OPENAI),
)
PRESETS = {preset.name: preset for preset in _ALL}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A provider as an operator set it up.

    Attributes:
        own_url: where it is; empty: where the preset says.
        key: never shown, not even by `repr`.
    """

    preset: Preset
    own_url: str = ""
    key: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """What people call it: the provider's name, or where one's own server is."""
        return self._host if self.preset.name == "other" and self._host else str(self.preset.label)

    @property
    def _host(self) -> str:
        return self.own_url.strip().partition("://")[2].partition("/")[0]

    @property
    def url(self) -> str:
        """Its base URL.

        Raises:
            AddressWrong: it has none, none of HTTP, or one with a password, which is kept nowhere in secret.
        """
        url = self.own_url.strip() or self.preset.base_url
        if not url.startswith(("http://", "https://")) or len(url.split()) != 1 or "@" in self._host:
            raise AddressWrong(provider=str(self.preset.label))
        return url

    @property
    def usable_key(self) -> Secret:
        """The key as it may stand in a header; a placeholder where none is needed.

        Raises:
            KeyMissing: it needs one.
            KeyRefused: no provider has keys like this one.
        """
        key = self.key.strip()
        if not key and self.preset.needs_key:
            raise KeyMissing(provider=self.name)
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise KeyRefused(provider=self.name)
        return Secret(key or "none")
