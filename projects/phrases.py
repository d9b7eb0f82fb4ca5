"""What people say about projects in words: the whole vocabulary, in English and in Russian, in one order.

A form is a regular expression for all that was said, in any case; a blank stands for any white space, and
words in braces for the fragments below. What is found is the first form that fits, so the general ones
(“feature X” shows its card) come after the special ones (“feature X is done”).

Only what is said changes something: neither a question (“feature X is done?”) nor a denial (“feature X is not
done”). In quotation marks anything is a name, and a reason is free.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from projects.state_words import FEATURE_STATES, FEATURE_VERBS, RELEASE_STATES, RELEASE_VERBS

# ── Fragments ─────────────────────────────────────────────────────────────────────────────────────────────

_FRAGMENTS = {
    "project": r"(?:the )?(?:project|проект(?:[ауе]|ом)?)",
    "feature": r"(?:the )?(?:feature|фич(?:[аиуе]|ей)|функци(?:[яию]|ей))",
    "release": r"(?:the )?(?:release|version|релиз(?:[ауе]|ом)?|верси[яию])",
    "team": r"(?:the )?(?:team|команд[ауе])",
    "owner": r"(?:(?:the )?(?:product )?owner|(?:the )?po|владел(?:ец|ьца|ьцем)|ответственн\w{2,3})",
    "add_en": r"(?:add|create|new)(?: a| another)?(?: new)? feature",
    "add_ru": r"(?:добав(?:ь|ить)|созда(?:й|ть)|заведи|новая)(?: новую| ещ[её] одну)? {feature}",
    "called_en": r"(?:called|named)",
    "called_ru": r"(?:под названием|с названием)",
    "name": r"(?P<name>.{1,400}?)",
    "new": r"(?P<new>.{1,400}?)",
    # The name of which something is stated.
    "stated": r"(?P<name>{quoted}|(?:(?!{denial}).){1,400}?)",
    "denial": (
        r"\b(?:not|never|no longer|\w+n[’']t|almost|nearly|(?:will|should|must) be|не|нет|ни|почти|будет"
        r"|должн\w{1,2} быть)\s"
    ),
    "who": r"(?P<who>{quoted}|(?!{nobody}\b)(?:(?!{denial}).){1,120}?)",
    # “Assign a team to feature X” does not say which.
    "nobody": (
        r"(?:(?:(?:an?|the|my|our|мою|нашу|свою) )?"
        r"(?:(?:product )?owner|team|команд\w{1,2}|владел\w{2,4}|ответственн\w{2,3})"
        r"|(?:an?|the) po|me|us|who|whom|somebody|someone|меня|нас|кто|кого|какая)"
    ),
    "version": r"(?P<version>{quoted}|(?!{no_version}\W*(?:\s|\Z))\S{1,50}?)",
    # “Plan a release for Friday” names none.
    "no_version": (
        r"(?:for|on|by|at|in|to|until|next|this|today|tomorrow|is|not|{please}|{thanks}"
        r"|на|к|в|до|через|сегодня|завтра|это|не)"
    ),
    # Without a verb, only what has a number in it is a version: “release notes are ready” is about none.
    "numbered": r"(?P<version>{quoted}|(?=\S{0,20}\d)\S{1,50}?)",
    "quoted": r"(?:«[^»]{1,400}»|“[^”]{1,400}”|\"[^\"]{1,400}\"|'[^']{1,400}')",
    "dash": r"(?:\s*[:,—–]|\s-)",
    "date": r"(?P<date>\S.{0,60}?)",
    "since": r"(?P<since>\S.{0,60}?)",
    "because": r"(?:because|потому что|так как)",
    "is": r"(?:\s*[—–:-]\s*|\s)(?:(?:is|are|was|has been|это|теперь|now|already|уже) )*",
    "to_state": r"(?:back )?(?:(?:to|into|в|на) )?(?:status |статус )?{feature_state}",
    "feature_state": f"(?P<state>{'|'.join(FEATURE_STATES.values())})",
    "feature_verb": f"(?P<verb>{'|'.join(FEATURE_VERBS.values())})",
    "release_state": f"(?P<state>{'|'.join(RELEASE_STATES.values())})",
    "release_verb": f"(?P<verb>{'|'.join(RELEASE_VERBS.values())})",
    # How sentences begin and end
    "please": r"(?:please|пожалуйста)",
    "thanks": r"(?:thanks|thank you|спасибо)",
    "polite": r"(?:{please},? )?",
    "politely": r"(?:,? {please}|[,.!] {thanks})?",
    "end": r"{politely}[.!?…]*",
    "end_of_statement": r"(?<!\?){politely}[.!…]*",
    "why": (
        r"(?:(?:{dash}\s*(?:{because})?|\s{because})\s*"
        r"(?P<reason>(?!(?:{please}|{thanks})\W*\Z)\S[\s\S]{0,999})|{end_of_statement})"
    ),
}


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing that people may want.

    Attributes:
        name: of the view that does it.
        command: whose row in the catalogue decides who may.
        forms: what they say, as regular expressions; named groups are what the view needs to know.
    """

    name: str
    command: str
    forms: tuple[re.Pattern[str], ...]

    @property
    def pattern(self) -> str:
        """All forms as one regular expression without named groups."""
        return "|".join(re.sub(r"\(\?P<\w+>", "(?:", form.pattern) for form in self.forms)

    def words(self, text: str) -> dict[str, str] | None:
        """What the first form that fits finds in `text`; None: none fits."""
        for form in self.forms:
            if found := form.fullmatch(text.strip()):
                return {name: word for name, word in found.groupdict().items() if word is not None}
        return None


def _showing(name: str, command: str, *forms: str) -> Intent:
    """What may be asked for as well as said."""
    return _intent(name, command, [form + "{end}" for form in forms])


def _changing(name: str, command: str, *forms: str) -> Intent:
    """What has to be said. A form that ends with {why} ends there."""
    ended = [form if form.endswith("{why}") else form + "{end_of_statement}" for form in forms]
    return _intent(name, command, ended)


def _intent(name: str, command: str, forms: Iterable[str]) -> Intent:
    return Intent(name, command, tuple(re.compile(_whole(form), re.IGNORECASE) for form in forms))


def _whole(form: str) -> str:
    filled, form = "{polite}" + form, ""
    while filled != form:
        form = filled
        filled = re.sub(r"\{([a-z_]+)\}", lambda word: _FRAGMENTS[word[1]], form)
    return form.replace(" ", r"\s+")


# ── What can be wanted ────────────────────────────────────────────────────────────────────────────────────

INTENTS: tuple[Intent, ...] = (
    _showing(
        "ask_undo",
        "undo",
        r"undo(?: (?:the |my )?(?:last|that|it|this)(?: (?:change|one|action|step))?)?",
        r"take (?:it|that|the last (?:change|one)) back",
        r"(?:отмени(?:ть)?|откати(?:ть)?) (?:мо[её] )?(?:последн\w{2,3}|предыдущ\w{2,3}|это)"
        r"(?: (?:изменени[ея]|действи[ея]|правк[уи]|шаг|операцию))?",
        r"верни(?: вс[её])? как было",
    ),
    # Projects
    _changing(
        "say_switch",
        "project",
        r"(?:switch|change|go|move|jump)(?: over| back)? to {project}:? {name}",
        r"switch to (?:the )?{name} project",
        r"(?:open|use|activate|choose|select|work on) {project}:? {name}",
        r"(?:пере(?:ключи(?:сь|ться)?|йди|йти)|вернись)(?: меня| обратно)? (?:на|к|в) {project}:? {name}",
        r"(?:открой|выбери|активируй|сделай активным) {project}:? {name}",
        r"работаем (?:над|с) {project}:? {name}",
        r"активный {project}\s*[:—–-]? {name}",
    ),
    _changing(
        "say_create_project",
        "newproject",
        r"(?:create|add|make|start|new)(?: a)?(?: new)? project(?:(?: called| named)?:? {name})?",
        r"(?:созда(?:й|ть)|заведи|добавь|начни|новый)(?: новый)? проект(?:(?: {called_ru})?:? {name})?",
    ),
    _changing(
        "say_archive",
        "archive",
        r"(?:archive|delete|remove) {project}(?: {name})?",
        r"(?:(?:за)?архивируй|удали(?:ть)?) {project}(?: {name})?",
        r"(?:отправь|перенеси|убери) {project}(?: {name})? в архив",
    ),
    _changing(
        "say_restore",
        "archive",
        r"(?:restore|unarchive|bring back) {project} {name}",
        r"(?:восстанови|разархивируй) {project} {name}",
        r"верни {project} {name} из архива",
    ),
    _changing(
        "say_pause",
        "project",
        r"pause {project}(?: {name})?",
        r"приостанови {project}(?: {name})?",
        r"поставь {project}(?: {name})? на паузу",
    ),
    _changing(
        "say_resume",
        "project",
        r"(?:resume|unpause|continue) {project}(?: {name})?",
        r"(?:возобнови|продолжи|сними с паузы) {project}(?: {name})?",
    ),
    _changing(
        "say_rename_project",
        "project",
        r"rename {project} to {new}",
        r"rename {project} (?P<both>.{1,400} to .{1,220}?)",
        r"переименуй {project} в {new}",
        r"переименуй {project} (?P<both>.{1,400} в .{1,220}?)",
    ),
    # Features
    _changing(
        "say_put",
        "feature",
        r"(?:put|move|include) {feature} {name} (?:in|to|into|for) {release} {version}",
        r"{feature} {stated} (?:goes|is|belongs) (?:in|into|to) {release} {version}",
        r"(?:перенеси|помести|включи|поставь|положи|запланируй|возьми) {feature} {name}"
        r" (?:в|на) {release} {version}",
        r"{feature} {stated}{is}(?:ид[её]т |попадает |войд[её]т )?в {release} {version}",
    ),
    _changing(
        "say_take_out",
        "feature",
        r"(?:remove|take) {feature} {name} (?:from|out of) (?:its |the )?release(?: {version})?",
        r"(?:убери|вынеси|исключи|удали) {feature} {name} из (?:релиза|версии)(?: {version})?",
    ),
    _changing(
        "say_add",
        "feature",
        r"{add_en}(?: {called_en})?:? {name} (?:to|in|into|for) {release} {version}",
        r"{add_ru}(?: {called_ru})?:? {name} (?:в|к|для) {release} {version}",
        r"{add_en}(?:(?: {called_en})?:? {name})?",
        r"{add_ru}(?:(?: {called_ru})?:? {name})?",
    ),
    _changing(
        "say_assign_team",
        "feature",
        r"(?:assign|add|give) {team} {who} (?:to|on) {feature} {name}",
        r"(?:assign|give) {feature} {name} to {team} {who}",
        r"{team} {who} (?:works on|does|takes|builds) {feature} {name}",
        r"{feature} {stated} belongs to {team} {who}",
        r"(?:назначь|поставь|добавь) {team} {who} (?:на|к|для) {feature} {name}",
        r"(?:назначь|поставь) на {feature} {name} {team} {who}",
        r"(?:отдай|передай) {feature} {name} {team} {who}",
        r"{team} {who} (?:делает|бер[её]т|вед[её]т) {feature} {name}",
        r"{feature} {stated} (?:делает|бер[её]т|вед[её]т) {team} {who}",
    ),
    _changing(
        "say_unassign_team",
        "feature",
        r"(?:unassign|remove|take) {team} {who} (?:from|off) {feature} {name}",
        r"(?:сними|убери) {team} {who} (?:с|из|у) {feature} {name}",
    ),
    _changing(
        "say_no_owner",
        "feature",
        r"remove {owner} (?:from|of) {feature} {name}",
        r"(?:убери|сними) {owner} (?:с|у|за) {feature} {name}",
    ),
    _changing(
        "say_assign_owner",
        "feature",
        r"make {who} {owner} of {feature} {name}",
        r"{owner} of {feature} {stated}(?: is |\s*[:—–-]\s*){who}",
        r"{feature} {stated} belongs to {who}",
        r"assign {who} (?:to|as {owner} of) {feature} {name}",
        r"назначь {who} {owner}(?: за)? {feature} {name}",
        r"(?:назначь )?{owner}(?: за)? {feature} {stated}\s*(?:[:—–,]|\s-)\s*(?:это )?{who}",
        r"назначь {who} (?:на|за) {feature} {name}",
        r"за {feature} {stated} отвечает {who}",
    ),
    _changing(
        "say_rename",
        "feature",
        r"rename {feature} (?P<both>.{1,400} to .{1,220}?)",
        r"переименуй {feature} (?P<both>.{1,400} в .{1,220}?)",
    ),
    _showing(
        "say_history",
        "history",
        r"(?:show )?(?:me )?(?:the )?(?:change )?history(?: of (?:the )?(?:changes|project))?",
        r"(?:show )?(?:me )?(?:the )?(?:change )?history (?:of|for) {release} (?P<release>.{1,60}?)",
        r"(?:show )?(?:me )?(?:the )?(?:change )?history (?:of|for) (?:{feature} )?{name}",
        r"what (?:has )?(?:changed|happened) (?:in|to|with) {feature} {name}",
        r"(?:покажи )?истори[яю](?: изменений)?(?: проекта)?",
        r"(?:покажи )?истори[яю](?: изменений)? {release} (?P<release>.{1,60}?)",
        r"(?:покажи )?истори[яю](?: изменений)? (?:{feature} )?{name}",
        r"что (?:изменилось|происходило|было|случилось) (?:в|с|со) {feature} {name}",
    ),
    _changing(
        "say_move",
        "feature",
        r"mark (?:{feature} )?{stated} (?:as )?{feature_state}{why}",
        r"отметь {feature} {stated} (?:как )?{feature_state}{why}",
        r"(?:move|set|put|return) {feature} {stated} {to_state}{why}",
        r"(?:переведи|перемести|перенеси|верни|возьми|поставь) {feature} {stated} {to_state}{why}",
        r"{feature_verb} {feature} {name}{why}",
        r"{feature} {stated}{is}{feature_state}{why}",
    ),
    # Releases, before the general forms about features
    _changing(
        "say_move_release",
        "release",
        r"{release} {version}{is}{release_state}",
        r"{release_verb} {release} {version}",
    ),
    _changing(
        "say_rename_release",
        "release",
        r"rename {release} {version} to {new}",
        r"переименуй {release} {version} в {new}",
    ),
    _changing(
        "say_no_date",
        "release",
        r"(?:remove|clear) the date of {release} {version}",
        r"(?:убери|сними) дату (?:у )?{release} {version}",
    ),
    _showing(
        "say_release_card",
        "release",
        r"(?:show|open|what(?:[’']s| is) in|status of|what about)(?: me)? {release} {version}",
        r"(?:покажи|открой|статус|что (?:входит )?в|что с) {release} {version}",
        r"{release} {numbered}",
        r"{release} {numbered} .{1,100}\?",
    ),
    _changing(
        "say_set_date",
        "release",
        r"(?:move|postpone|reschedule|shift|plan) {release} {version} (?:to|for|until|by) {date}",
        r"(?:перенеси|сдвинь|отложи|передвинь|назначь) {release} {version} (?:на|к|до) {date}",
    ),
    _changing(
        "say_plan_release",
        "release",
        r"(?:create|add|plan|new|make)(?: a)?(?: new)? (?:release|version) {version}"
        r"(?:(?: (?:for|on|by|at)|{dash})? {date})?",
        r"(?:создай|добавь|заведи|запланируй|новый|новая)(?: новый| новую)? (?:релиз|версию|версия) {version}"
        r"(?:(?: (?:на|к)|{dash})? {date})?",
        r"{release} {numbered} (?:запланирован\w? на|выйдет|выходит|к|на) {date}",
        r"{release} {numbered}(?: (?:is )?(?:due|planned for)|{dash})? {date}",
    ),
    _showing(
        "say_releases",
        "releases",
        r"(?:show |list )?(?:me )?(?:the |all )*releases",
        r"(?:покажи |список )?(?:все )?релиз(?:ы|ов)",
        r"какие (?:есть |будут )?релизы",
    ),
    # Lists, and cards in general
    _showing(
        "say_features",
        "features",
        r"(?:show |list )?(?:me )?(?:the |all )*(?:{feature_state} )?features",
        r"(?:what|which features) (?:is|are) {feature_state}",
        r"(?:покажи |список )?(?:все |всех )?(?:{feature_state} )?(?:фич(?:и|ей)?|функци[ий])",
        r"(?:что|какие фичи) (?:сейчас |у нас )?{feature_state}",
        r"(?:покажи )?(?:фичи|функции) {feature_state}",
    ),
    _showing(
        "say_feature_card",
        "feature",
        r"(?:show|open|status of|what about)(?: me)? {feature} {name}",
        r"(?:покажи|открой|статус|что с) {feature} {name}",
        r"{feature}:? {name}",
    ),
    _showing(
        "say_projects",
        "projects",
        r"(?:show |list )?(?:me )?(?:the |all |my )*projects",
        r"(?:покажи |список )?(?:все |всех |мои )?проект(?:ы|ов)",
        r"какие (?:есть |у нас )?проекты",
    ),
    _showing(
        "say_project_card",
        "project",
        r"(?:show )?(?:me )?(?:the )?project status",
        r"(?:what(?:[’']s| is) )?(?:the )?status of {project}(?: {name})?",
        r"(?:покажи )?(?:какой )?статус {project}(?: {name})?",
        r"(?:как (?:идут )?дела|что) (?:с|у) {project}(?: {name})?",
        r"(?:show|покажи)(?: me)? {project}(?: {name})?",
        r"{project} {name}",
    ),
    _showing(
        "say_changes",
        "changes",
        r"(?:what(?:[’']s| has| is)? (?:been )?(?:changed|new|happened|happening)|any (?:changes|news))"
        r"(?: in (?:the |this )?project)?(?: {since})?",
        r"(?:show )?(?:me )?(?:the |all )*changes(?: {since})?",
        r"что (?:тут |там )?(?:изменилось|поменялось|нового|произошло|случилось)(?: в проекте)?(?: {since})?",
        r"(?:покажи |какие )?(?:все )?изменения(?: в проекте)?(?: {since})?",
    ),
)


def meaning(text: str, *commands: str) -> tuple[Intent, dict[str, str]] | None:
    """What somebody wants who says `text`, and the words that matter; None: nothing to do with projects.

    Args:
        text: what they said, all of it.
        *commands: look only for what belongs to these commands.
    """
    for intent in INTENTS:
        if (not commands or intent.command in commands) and (words := intent.words(text)) is not None:
            return intent, words
    return None


def completed(rest: str, noun: str) -> Iterator[str]:
    """What `/feature rest` may mean in words: “feature Login is done”, “add feature Login”."""
    verb, _, name = rest.partition(" ")
    if name:
        yield f"{verb} {noun} {name}"
    yield f"{noun} {rest}"
