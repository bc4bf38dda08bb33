"""Mobile telephone numbers by locale."""

from __future__ import annotations

from functools import cache
from typing import Final

from eventer.functions.random_texts import TextDefinition, words
from eventer.functions.string_building import DIGITS, Alphabet, StringDictionary
from eventer.functions.text_numbers import BoundedNumber
from eventer.functions.text_parts import DictionaryPart, FormPart, LettersPart

# Area codes of the United States. Exchanges begin with 2 to 9 and are no service codes (N11).
_AREAS: Final = (
    "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 239 "
    "240 248 251 253 256 260 262 267 269 270 281 301 302 303 304 305 307 308 309 310 312 313 314 "
    "315 316 317 318 319 320 321 323 330 331 334 336 337 347 352 360 401 402 404 405 406 407 408 "
    "410 412 413 414 415 417 419 423 425 432 434 435 440 443 469 478 480 501 502 503 504 505 507 "
    "508 509 510 512 513 515 516 517 518 520 540 541 559 561 562 563 570 573 574 580 585 586 601 "
    "602 603 605 606 607 608 609 610 612 614 615 616 617 618 619 620 623 626 630 631 636 641 646 "
    "650 651 660 661 662 678 682 701 702 703 704 706 707 708 712 713 714 715 716 717 718 719 720 "
    "724 727 731 732 734 740 757 760 763 765 770 772 773 775 781 785 786 801 802 803 804 805 806 "
    "808 810 812 813 814 815 816 817 818 828 830 831 832 843 845 847 848 850 856 857 858 859 860 "
    "862 863 864 865 901 903 904 906 907 908 909 910 912 913 914 915 916 917 918 919 920 925 928 "
    "931 936 937 940 941 947 949 951 952 954 956 970 971 972 973 978 979 980 985 989"
).split()
_FORMS: Final = {
    "de": "+49151######## +49160####### +49170####### +49171####### +49175####### +49176########",
    "fr": "+3360####### +3361####### +3362####### +3363####### +3364####### +3365####### "
    "+3366####### +3367####### +3368####### +3373####### +3376####### +3377####### +3378#######",
    "es": "+346######## +3471####### +3472#######",
    "ru": "+7903####### +7905####### +7910####### +7915####### +7916####### +7925####### "
    "+7926####### +7960####### +7985#######",
    "ja": "+8170%####### +8180%####### +8190%#######",
}


AREAS: Final = StringDictionary(_AREAS)
"""Area codes of the United States."""
EXCHANGES: Final = StringDictionary([f"{a}{b}" for a in range(2, 10) for b in (0, *range(2, 10))])
"""The first two digits of exchanges."""
_DIGITS: Final = Alphabet(DIGITS)
_FIRST_LANE: Final = 8


@cache
def phone_forms(locale: str) -> StringDictionary:
    """The forms of a locale other than English, each equally likely."""
    return StringDictionary(_FORMS[locale].split())


def phone_text(locale: str, name: str) -> TextDefinition:
    """A mobile number of a locale in E.164, drawn with a name."""
    if locale not in _FORMS:
        return north_american(name, b"+1")
    forms = phone_forms(locale)
    number = BoundedNumber(0, (len(forms),))
    return words(name, 2 + -(-forms.width // 4)), (FormPart(forms, number, _FIRST_LANE),)


def north_american(name: str, country: bytes, hyphen: bytes = b"") -> TextDefinition:
    """A number of the United States: with one name, the same number in every form."""
    area = DictionaryPart(AREAS, BoundedNumber(0, (len(AREAS),)))
    exchange = DictionaryPart(EXCHANGES, BoundedNumber(1, (len(EXCHANGES),)))
    last, line = (
        LettersPart(_DIGITS, _FIRST_LANE + first, _FIRST_LANE + stop)
        for first, stop in ((0, 1), (1, 5))
    )
    return words(name, 4), (country, area, hyphen, exchange, last, hyphen, line)
