"""Numbers that carry their own check: what tells a payment card from any sixteen digits."""

from datetime import date

IBAN_LENGTHS = {
    int(length): frozenset(countries.split())
    for length, countries in (
        line.split(maxsplit=1)
        for line in """
15 NO
16 BE
18 DK FI FO GL NL
19 MK SI
20 AT BA EE KZ LT LU XK
21 CH HR LI LV
22 BG BH DE GB GE IE ME RS VA
23 AE GI IL IQ TL
24 AD CZ ES MD PK SA SE SK TN VG
25 LY PT
26 IS TR
27 FR GR IT MC MR SM
28 AL AZ BY CY DO EG GT HU LB PL SV
29 BR PS QA UA
30 JO KW MU
31 MT SC
32 LC
""".strip().splitlines()
    )
}
"""Countries by the length of their account numbers (SWIFT IBAN registry)."""

PROVINCES = frozenset((*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66)))
PROVINCES |= {71, 81, 82, 83}
"""First two digits of a Chinese resident id (GB/T 2260)."""


def luhn(digits: str) -> bool:
    """Tell whether the last digit checks the others (ISO/IEC 7812-1, Annex B)."""
    doubled = (sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def payment_card(digits: str) -> bool:
    """Tell whether digits are the number of a payment card: the first ones of an issuer, its length, and Luhn's check.

    Visa, Mastercard, American Express, Diners Club, JCB, Discover, UnionPay and Maestro.
    """
    head, size = int(digits[:4]), len(digits)
    issued = {
        13: 4000 <= head < 5000,
        14: 3000 <= head < 3060 or 3600 <= head < 3700 or 3800 <= head < 4000,
        15: 3400 <= head < 3500 or 3700 <= head < 3800,
        16: 2221 <= head < 2721 or 3528 <= head < 3590 or 4000 <= head < 7000,
        17: 6200 <= head < 6300,
        18: 6200 <= head < 6300,
        19: 4000 <= head < 5000 or 6200 <= head < 6300,
    }
    return issued.get(size, False) and luhn(digits)


def iban(account: str) -> bool:
    """Tell whether letters and digits are an account number (ISO 13616: its length, and remainder 1 by 97)."""
    if account[:2] not in IBAN_LENGTHS.get(len(account), ()):
        return False
    return int("".join(str(int(c, 36)) for c in account[4:] + account[:4])) % 97 == 1


def resident_id(number: str) -> bool:
    """Tell whether 18 characters are a Chinese resident id (GB 11643: province, day of birth, check by 11)."""
    weights = (pow(2, 17 - k, 11) for k in range(17))
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], weights, strict=True))
    return int(number[:2]) in PROVINCES and _is_day(number[6:14]) and number[17].upper() == "10X98765432"[total % 11]


def old_resident_id(number: str) -> bool:
    """Tell whether 15 digits may be a Chinese resident id as given until 1999: province and day of birth, no check."""
    return int(number[:2]) in PROVINCES and _is_day(f"19{number[6:12]}")


def _is_day(digits: str) -> bool:
    try:
        return 1880 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year <= 2100
    except ValueError:
        return False
