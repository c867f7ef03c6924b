"""Masks personal data in what people write, before anything else sees it."""

from __future__ import annotations

import re

EMAIL, IBAN, PHONE = "[E-Mail]", "[IBAN]", "[Telefon]"

_EMAIL = re.compile(
    r"[\w.%+-]{1,64}\s?(?:@|\(at\)|\[at\]|\{at\})\s?[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[^\W\d_]{2,24}",
    re.I,
)

# A German IBAN is masked even when mistyped; elsewhere length and check digits tell it from other codes.
_GERMAN_IBAN = re.compile(r"(?<![^\W_])DE(?:[ \u00a0\u202f.-]{0,2}\d){20}(?!\d)", re.I | re.ASCII)
_IBAN = re.compile(r"(?<![^\W_])(?P<country>[A-Z]{2})\d{2}(?:[ \u00a0\u202f.-]{0,2}[A-Z0-9]){11,34}", re.I | re.ASCII)
_IBAN_LENGTHS = {
    country: length
    for length, countries in (
        (15, "NO"),
        (16, "BE"),
        (18, "DK FI NL"),
        (19, "MK SI"),
        (20, "AT BA EE LT LU XK"),
        (21, "CH HR LI LV"),
        (22, "BG DE GB GE IE ME RS VA"),
        (24, "AD CZ ES MD RO SE SK"),
        (25, "PT"),
        (26, "IS TR"),
        (27, "FR GR IT MC SM"),
        (28, "AL CY HU PL"),
        (29, "UA"),
        (31, "MT"),
    )
    for country in countries.split()
}

_GAP = r"[\s./()\u2010-\u2013-]{0,3}"
# Dates, months and opening hours that begin with 0 look like numbers to call, and are none.
_NO_DATE = (
    r"(?!0[1-9][./-]\s?(?:0?[1-9]|1[0-2])[./-]\s?(?:(?:19|20)?\d{2})(?!\d))"
    r"(?!0[1-9][./-]\s?(?:19|20)\d{2}(?!\d))"
    r"(?!0\d\.\d{2}\s?(?:Uhr|bis|-|\u2013))"
)
_DIALLED = re.compile(
    rf"(?<![\w+])(?<![\d)][./-]){_NO_DATE}(?:\((?=\+?\d{{2,6}}\)))?(?:\+|00|0)(?:{_GAP}\d){{6,14}}(?!\d)",
    re.I,
)
_NAMED = re.compile(
    r"(?P<cue>\b(?:tel|telefon|telefonnummer|handy|handynummer|mobil|mobilnummer|fon|fax|phone|"
    r"rufnummer|durchwahl|r\u00fcckruf)\b\.?(?:\s(?:ist|lautet|unter|is))?[\s:]{0,3})"
    rf"(?P<number>\d(?:{_GAP}\d){{4,13}})(?!\d)",
    re.I,
)
# Nobody's own: emergency and help lines, and freephone numbers.
_PUBLIC = re.compile(r"(?:110|112|115|116\d{3}|0800\d{6,8})")


def mask(text: str) -> str:
    """`text` with e-mail addresses, IBANs and telephone numbers replaced by labels. Help lines, amounts,
    dates and years stay. Masking twice changes nothing more."""
    text = _EMAIL.sub(EMAIL, text)
    text = _GERMAN_IBAN.sub(IBAN, text)
    text = _IBAN.sub(_iban, text)
    text = _DIALLED.sub(lambda found: _phone(found[0]), text)
    return _NAMED.sub(lambda found: found["cue"] + _phone(found["number"]), text)


def _phone(number: str) -> str:
    return number if _PUBLIC.fullmatch(re.sub(r"\D", "", number)) else PHONE


def _iban(found: re.Match[str]) -> str:
    length = _IBAN_LENGTHS.get(found["country"].upper(), 0)
    signs = list(re.finditer(r"[A-Z0-9]", found[0], re.I | re.ASCII))[:length]
    compact = "".join(sign[0] for sign in signs).upper()
    digits = "".join(str(int(sign, 36)) for sign in compact[4:] + compact[:4])
    valid = 0 < length == len(signs) and int(digits) % 97 == 1
    return IBAN + found[0][signs[-1].end() :] if valid else found[0]
