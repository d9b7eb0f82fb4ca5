"""The words for states of features and releases, and for what leads to them, in English and in Russian."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from projects.statuses import FeatureStatus, ReleaseStatus

State = TypeVar("State", FeatureStatus, ReleaseStatus)

# Regular expressions for a whole word or two, in any case.
FEATURE_STATES: Mapping[FeatureStatus, str] = {
    FeatureStatus.BACKLOG: r"(?:in )?(?:the )?backlog|(?:в )?бэклоге?|отложен\w{0,3}",
    FeatureStatus.PLANNED: r"planned|(?:в )?план(?:ах?|ы|е)?|запланирован\w{0,3}",
    FeatureStatus.IN_PROGRESS: (
        r"(?:in )?progress|in[_-]progress|in work|under ?way|started|(?:в )?(?:работ[еу]|процессе)"
        r"|начат\w{0,3}|делается"
    ),
    FeatureStatus.BLOCKED: r"blocked|stuck|on hold|(?:за)?блокирован\w{0,3}|застрял\w?",
    FeatureStatus.DONE: (
        r"done|finished|completed?|ready|closed|готов\w{0,3}|(?:с|до)делан\w{0,3}|(?:за|о)конче\w{1,5}"
        r"|заверш[её]н\w{0,3}|выполнен\w{0,3}|закрыт\w{0,3}"
    ),
    FeatureStatus.DROPPED: (
        r"dropped|rejected|cancell?ed|abandoned|отмен[её]н\w{0,3}|отклон[её]н\w{0,3}|отброшен\w{0,3}"
    ),
}
RELEASE_STATES: Mapping[ReleaseStatus, str] = {
    ReleaseStatus.PLANNED: r"planned|запланирован\w{0,3}",
    ReleaseStatus.IN_PROGRESS: r"in progress|under ?way|started|в работе|начат\w{0,3}",
    ReleaseStatus.RELEASED: (
        r"released|out|shipped|live|published|выпущен\w{0,3}|вышел|вышла|опубликован\w{0,3}"
    ),
    ReleaseStatus.CANCELLED: r"cancell?ed|отмен[её]н\w{0,3}",
}
# What somebody does to a feature or a release, and the state that it leads to.
FEATURE_VERBS: Mapping[FeatureStatus, str] = {
    FeatureStatus.BACKLOG: r"postpone|shelve|отложи(?:ть)?",
    FeatureStatus.PLANNED: r"plan|запланируй|запланировать",
    FeatureStatus.IN_PROGRESS: (
        r"start|begin|start work(?:ing)? on|resume|unblock|разблокируй|разблокировать|начни|начать"
        r"|(?:начни|начать) работу над|возобнови"
    ),
    FeatureStatus.BLOCKED: r"block|(?:за)?блокируй|заблокировать",
    FeatureStatus.DONE: r"finish|complete|close|заверши(?:ть)?|закончи(?:ть)?|закрой|закрыть",
    FeatureStatus.DROPPED: r"drop|cancel|abandon|reject|отмени(?:ть)?|отклони(?:ть)?|отбрось|выброси(?:ть)?",
}
RELEASE_VERBS: Mapping[ReleaseStatus, str] = {
    ReleaseStatus.IN_PROGRESS: r"start|begin|начни|начать",
    ReleaseStatus.RELEASED: r"ship|publish|release|выпусти(?:ть)?|опубликуй",
    ReleaseStatus.CANCELLED: r"cancel|отмени(?:ть)?",
}


def feature_state(word: str) -> FeatureStatus | None:
    """The state that a word stands for; None: no word for one."""
    return _meant(FEATURE_STATES, word)


def feature_goal(verb: str) -> FeatureStatus | None:
    """The state that a verb leads a feature to."""
    return _meant(FEATURE_VERBS, verb)


def release_state(word: str) -> ReleaseStatus | None:
    """The state that a word stands for; None: no word for one."""
    return _meant(RELEASE_STATES, word)


def release_goal(verb: str) -> ReleaseStatus | None:
    """The state that a verb leads a release to."""
    return _meant(RELEASE_VERBS, verb)


def _meant(words: Mapping[State, str], word: str) -> State | None:
    sought = " ".join(word.split())
    return next((state for state, form in words.items() if re.fullmatch(form, sought, re.IGNORECASE)), None)
