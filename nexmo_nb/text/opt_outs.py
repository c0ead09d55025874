"""What people write to be left alone, to hear from one again, or to be told more; in one table, by language. Pure.

Case, accents, punctuation and blanks do not count: "Stop!", "S T O P" and "stóp" are one word. Polite words before it
do not count either. A word of `FIRST` counts as the whole message or as its first word ("Stop sending me this"), one of
`WHOLE` only as the whole, for people also begin an answer with it ("Cancel my table", "Fin août"). To be left alone,
and to ask for help, needs little; to be written to again takes a whole message, so that nobody is by mistake.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Literal

Kind = Literal["stop", "start", "help", "text"]

FIRST: Mapping[str, Mapping[str, str]] = {
    "stop": {
        "en": "stop, stopall, unsubscribe, opt out, opt-out, optout, remove me, take me off, leave me alone, revoke",
        "pt": "parar, pare, parem, sair, remover, descadastrar, desinscrever, cancelar inscrição, cancelar subscrição",
        "es": "parar, pare, paren, detener, salir, darse de baja, dar de baja, darme de baja, cancelar suscripción",
        "fr": "stop, arrêt, arrêter, arrêtez, désabonner, désabonnement, désinscrire, me désabonner",
        "de": "stop, stopp, stoppen, abmelden, abbestellen, abmeldung, austragen",
        "it": "stop, ferma, fermare, fermate, disiscrivi, disiscrivimi, cancellami, annulla iscrizione",
        "nl": "stop, stoppen, afmelden, uitschrijven, afmelding",
        "pl": "stop, wypisz, rezygnuję",
        "sv, da, nb": "stop, stopp, avsluta, avregistrera, afmeld, avmeld",
    },
    "help": {
        "en": "help",
        "pt": "ajuda",
        "es": "ayuda",
        "fr": "aide",
        "de": "hilfe",
        "it": "aiuto",
        "nl": "hulp",
        "pl": "pomoc",
        "sv, da, nb": "hjälp, hjælp, hjelp",
    },
}
WHOLE: Mapping[str, Mapping[str, str]] = {
    "stop": {
        "en": "cancel, end, quit, remove, no more",
        "pt": "cancelar, cancele, fim, chega, basta",
        "es": "baja, alto, cancelar, cancela, fin, basta, no más",
        "fr": "fin, annuler, assez",
        "de": "halt, ende, aus, schluss, kündigen",
        "it": "basta, fine, annulla, cancella, cancellare",
        "nl": "einde, genoeg, annuleren",
        "pl": "koniec, dość",
        "sv, da, nb": "slut, sluta",
    },
    "start": {
        "en": "start, unstop, subscribe, resume, opt in, opt-in, optin",
        "pt": "iniciar, retomar, voltar, subscrever, inscrever",
        "es": "iniciar, reanudar, comenzar, alta, suscribir, suscribirme",
        "fr": "reprendre, démarrer, abonner, réabonner, m'abonner",
        "de": "start, starten, anmelden, fortsetzen",
        "it": "inizia, riprendi, iscrivi, iscrivimi",
        "nl": "start, starten, aanmelden, hervatten",
        "pl": "start, wznów",
        "sv, da, nb": "start, starta, anmäl, tilmeld",
    },
    "help": {"en": "info, information", "pt": "informação", "es": "información", "fr": "infos", "it": "informazioni"},
}
POLITE = (
    "please", "pls", "plz", "por favor", "pf", "s'il vous plaît", "s'il te plaît", "svp", "bitte", "per favore",
    "prego", "alstublieft", "alsjeblieft", "aub", "proszę",
)  # fmt: skip
"""What may stand before the word; behind it, it is a further word."""


def fold_words(text: str) -> list[str]:
    """Split a text into its words, without case, accents, marks that cannot be seen, and punctuation."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    # Between the letters, these are no blanks; ł and ø are letters of their own.
    kept = "".join(c for c in letters if unicodedata.category(c) not in ("Mn", "Me", "Cf", "Lm"))
    return re.findall(r"[^\W_]+", kept.translate(_PLAIN))


def find_kind(text: object) -> Kind:
    """Find what a message is: stop, start, help, or any other text."""
    if not isinstance(text, str):
        return "text"
    words = fold_words(text)
    for polite in _POLITE:
        if words[: len(polite)] == polite and len(words) > len(polite):
            words = words[len(polite) :]
    whole = "".join(words)
    kinds: tuple[Kind, ...] = ("stop", "start", "help")
    for kind in kinds:
        begins = any(words[: len(first)] == first for first in _FIRST.get(kind, []))
        if begins or whole in _WHOLE[kind]:
            return kind
    return "text"


_PLAIN = str.maketrans("łøæ", "loa")


def _list_words(table: Mapping[str, str]) -> list[list[str]]:
    return [fold_words(each) for words in table.values() for each in words.split(", ")]


_POLITE = [fold_words(each) for each in POLITE]
_FIRST = {kind: _list_words(table) for kind, table in FIRST.items()}
_WHOLE = {
    kind: {"".join(words) for words in _list_words(WHOLE[kind])} | {"".join(words) for words in _FIRST.get(kind, [])}
    for kind in WHOLE
}
