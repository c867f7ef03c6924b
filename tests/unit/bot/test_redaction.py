from __future__ import annotations

import pytest

from bot.conversation.redaction import mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Schreiben Sie an max.mustermann@web.de bitte", "Schreiben Sie an [E-Mail] bitte"),
        ("max (at) web.de", "[E-Mail]"),
        ("DE89 3704 0044 0532 0130 00!", "[IBAN]!"),
        ("de89370400440532013000", "[IBAN]"),
        ("DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000", "[IBAN]"),
        ("mistyped DE88 3704 0044 0532 0130 00", "mistyped [IBAN]"),
        ("IBAN AT61 1904 3002 3457 3201 und", "IBAN [IBAN] und"),
        ("GB82 WEST 1234 5698 7654 32 danke", "[IBAN] danke"),
        ("Rufen Sie +49 (0) 211 837-1001 an", "Rufen Sie [Telefon] an"),
        ("0049 211 8371001", "[Telefon]"),
        ("+49 170 1234567.", "[Telefon]."),
        ("0211/8371001", "[Telefon]"),
        ("(0211) 8371001", "[Telefon]"),
        ("0151/23456789,0211/123456", "[Telefon],[Telefon]"),
        ("Tel. 8371001", "Tel. [Telefon]"),
        ("Meine Handynummer ist 151 2345678", "Meine Handynummer ist [Telefon]"),
    ],
)
def test_personal_data_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "Rufen Sie 115, 110, 112 oder 116117 an",
        "Telefon 116 117, Tel. 115",
        "TelefonSeelsorge: 0800 111 0 111, 0800 111 0 222 oder 116 123",
        "Es gibt 15.000 Euro, höchstens 1.500.000,00 Euro",
        "1.000 000 000 Euro",
        "vom 01.02.2024 - 03.02.2024",
        "von 05.2024 - 08.2025, seit 2018, am 2020-06-24",
        "geöffnet 08.00-17.00 Uhr",
        "01067 Dresden und 40213 Düsseldorf",
        "EU27 Staaten wollen gemeinsame Regeln für KI",
        "KI.NRW, Mittelstand Innovativ & Digital 2030",
    ],
)
def test_public_numbers_amounts_and_dates_stay(text: str) -> None:
    assert mask(text) == text


def test_masking_twice_changes_nothing_more() -> None:
    once = mask("a@example.org, 0211 8371001, DE89370400440532013000, Tel. 8371001")
    assert mask(once) == once


@pytest.mark.parametrize("text", ["AB12" + "\u212a" * 20, "AT12 " * 4000, "0" * 20_000, "a@" + "a." * 9000])
def test_hostile_text_does_not_break_it(text: str) -> None:
    assert isinstance(mask(text), str)
