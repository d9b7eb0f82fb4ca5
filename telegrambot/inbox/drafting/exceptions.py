"""Why there is no draft; each docstring is the sentence that operators read."""

from __future__ import annotations

from config.errors import DomainError


class DraftingError(DomainError):
    """The draft could not be written. Please try again, or write the answer yourself."""

    # Whether the same request may well succeed later.
    is_temporary = False


# ── The model's settings ──────────────────────────────────────────────────────────────────────────────────


class KeyMissing(DraftingError):
    """{provider} needs a key. Please enter one in the settings of the model."""


class KeyRefused(DraftingError):
    """{provider} does not accept the key. Please check it in the settings of the model."""


class NoCredit(DraftingError):
    """The account at {provider} has no credit left. Please top it up, or choose another model."""


class ModelUnknown(DraftingError):
    """{provider} has no model called {model} at this address. Please choose another one."""


class AddressWrong(DraftingError):
    """The address of {provider} is not complete. It looks like http://localhost:11434/v1."""


class RequestRefused(DraftingError):
    """{provider} did not accept the request ({reason}). Please check the settings of the model."""


class PromptTooLong(DraftingError):
    """The instructions and the conversation are too long for this model. Please shorten the instructions, or
    choose another model."""


# ── On the way ────────────────────────────────────────────────────────────────────────────────────────────


class RateLimited(DraftingError):
    """{provider} asks to slow down. Please try again in {retry_after} s."""

    is_temporary = True


class ModelTimedOut(DraftingError):
    """{provider} did not finish an answer within {seconds} s. Please try again, or choose a faster model."""

    is_temporary = True


class ProviderUnreachable(DraftingError):
    """{provider} cannot be reached. Please check its address and the network, then try again."""

    is_temporary = True


class ProviderTrouble(DraftingError):
    """{provider} has trouble of its own ({reason}). Please try again later, or choose another model."""

    is_temporary = True


class AnswerCutOff(DraftingError):
    """The connection to {provider} was lost in the middle of the answer. Please try again."""

    is_temporary = True


class AnswerGarbled(DraftingError):
    """{provider} sent something that is no answer. Please check the address and the model, then try again."""

    is_temporary = True


# ── What the model wrote ──────────────────────────────────────────────────────────────────────────────────


class AnswerEmpty(DraftingError):
    """The model wrote nothing. Please try again, or write the answer yourself."""

    is_temporary = True


class AnswerRefused(DraftingError):
    """The model refused to answer this. Please write the answer yourself."""


class AnswerTooLong(DraftingError):
    """The model's answer was too long and was dropped. Please try again, or ask for short answers in the
    instructions."""


class WrongLanguage(DraftingError):
    """The model did not answer in the person's language. Please try again, or write the answer yourself."""


class PromptLeaked(DraftingError):
    """The model repeated its own instructions, so the draft was dropped. Please write the answer yourself."""


class StrangerMentioned(DraftingError):
    """The draft mentioned a name or a contact that this conversation does not know, so it was dropped. Please
    write the answer yourself."""


class LinkNotAllowed(DraftingError):
    """The draft contained a link that no guide has, so it was dropped. Please write the answer yourself."""


class BlankLeft(DraftingError):
    """The model left a blank to fill in, so the draft was dropped. Please try again, or write the answer
    yourself."""


class NothingKnown(DraftingError):
    """The guides hold no answer to this. Please write the answer yourself."""
