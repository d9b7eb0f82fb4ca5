"""Which language somebody writes: Russian, English, another one, or one that cannot be told.

By script and everyday words, in some ten microseconds: intake does it for every message. A statistical model
takes far longer to load and to ask, and guesses too when a message has three words, as most have.
"""

from __future__ import annotations

import re

RUSSIAN, ENGLISH, OTHER, UNKNOWN = "ru", "en", "other", ""

# Names, addresses and commands are written in Latin letters in every language.
_NOISE = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|[@/#]\w+")
_MARKS = frozenset("@/#.")
_LATIN = re.compile(r"[a-zà-öø-ɏ]+(?:'[a-z]+)?")
_CYRILLIC = re.compile(r"[\u0400-\u052f]+")
_OF_OTHER_SCRIPTS = re.compile(r"[^\W\d_a-zà-öø-ɏ\u0400-\u052f]+")
# So many characters are enough to tell by.
_ENOUGH = 160

_NOT_RUSSIAN_LETTERS = frozenset("іїєґўђѓјљњћќџҳқғңөүұһәәөү")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NOT_RUSSIAN = _words("това съм ще какво здравей здравейте благодаря къде моля нещо защо може беше що дякую")
_ENGLISH = _words(
    """
    the a an and or but if of to in on at for from with by about as is are am was were be been do does did
    have has had can could will would should may might must not no yes it its this that these those there
    here i you he she we they me him her us them my your his our their what which who when where why how
    hello hi hey thanks thank please sorry ok okay good morning evening night day today tomorrow yesterday
    want need know think get got go going come see look help find make send give tell ask work works buy
    sell pay price much many more some any all just only also very really now then than too so because
    i'm i'll i'd i've it's don't doesn't didn't can't won't isn't aren't you're we're that's what's let's
    great fine nice new old first last week month year time people question answer message order account
    welcome bye cheers sure maybe never always again back still already something anything nothing
    """
)
# German, French, Spanish, Portuguese, Italian, Turkish, Polish, Indonesian, Uzbek, Dutch, Czech, and Russian
# in Latin letters; no word that is an English one too.
_OTHER_LATIN = _words(
    """
    der das und ist nicht ich du wir sie ein eine mit auf für von zu dem wie bitte danke hallo guten heute
    kann haben
    le la les et est pas je tu nous vous un une des dans pour avec que qui bonjour merci salut oui non combien
    c'est j'ai
    el los las y es por para con una hola gracias cómo como qué cuánto quiero buenos días sí tengo está
    o os e não uma obrigado obrigada olá bom dia você quanto quero
    il lo gli ciao grazie sono che di per come voglio buongiorno
    bir ve bu için merhaba teşekkürler nasıl kadar evet hayır selam var mı
    jest nie się czy dzień dobry dziękuję proszę cześć tak jak ile
    apa saya yang dan tidak ini itu terima kasih berapa halo ada selamat
    va men siz uchun salom rahmat qanday kerak qancha
    het een niet ik dat wat hoe dank hoi goed
    jsem dobrý děkuji prosím ahoj kolik
    privet spasibo kak dela skolko zdravstvuyte mne nado chto pozhaluysta
    """
) - {"come"}


def detect(text: str) -> str:
    """The language of a text: `ru`, `en`, `other`, or empty when it cannot be told.

    Args:
        text: as it was typed, of any length; its beginning decides.
    """
    beginning = text[:_ENOUGH].lower().replace("’", "'")
    if not _MARKS.isdisjoint(beginning):
        beginning = _NOISE.sub(" ", beginning)
    latin = _LATIN.findall(beginning)
    if beginning.isascii():
        return _of_latin(latin)
    cyrillic = _CYRILLIC.findall(beginning)
    if len(_OF_OTHER_SCRIPTS.findall(beginning)) > max(len(cyrillic), len(latin)):
        return OTHER
    # A product's or a person's name does not make a Russian sentence an English one.
    if cyrillic and 2 * len(cyrillic) >= len(latin):
        return _of_cyrillic(cyrillic)
    return _of_latin(latin)


def _of_cyrillic(words: list[str]) -> str:
    if not _NOT_RUSSIAN_LETTERS.isdisjoint("".join(words)):
        return OTHER
    strangers = sum(map(_NOT_RUSSIAN.__contains__, words))
    return OTHER if 3 * strangers >= len(words) else RUSSIAN


def _of_latin(words: list[str]) -> str:
    english = sum(map(_ENGLISH.__contains__, words))
    other = sum(map(_OTHER_LATIN.__contains__, words))
    if english > other:
        return ENGLISH
    has_accents = not "".join(words).isascii()
    return OTHER if other or has_accents else UNKNOWN
