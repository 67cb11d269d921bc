"""How long X takes a text to be: the weighted count of twitter-text, configuration 3.

A link weighs 23, an emoji 2 however many code points it is made of, most of the world's other scripts 2 a character,
the rest 1. What is a link is asked of `twitter-text-parser`; https://github.com/twitter/twitter-text holds the rules. The rest of its count is
made here, and the tests hold the two to one figure: the library knows the emoji of 2019 only, takes milliseconds for
one post, and takes 0.7 s to load, which a text without a dot need not pay for.
"""

import re
import unicodedata
import warnings

LINK = 23
# The code points that weigh 1; everything else weighs 2.
_LIGHT = re.compile(r"[\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")
_PICTURE = (
    r"[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55"
    r"\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001faff]"
)
# Those that can have a tone of skin (Emoji_Modifier_Base), and the countries and regions that have a flag.
_PERSON = (
    r"[\u261d\u26f9\u270a-\u270d\U0001f385\U0001f3c2-\U0001f3c4\U0001f3c7\U0001f3ca-\U0001f3cc\U0001f442\U0001f443"
    r"\U0001f446-\U0001f450\U0001f466-\U0001f46e\U0001f470-\U0001f478\U0001f47c\U0001f481-\U0001f483"
    r"\U0001f485-\U0001f487\U0001f48f\U0001f491\U0001f4aa\U0001f574\U0001f575\U0001f57a\U0001f590\U0001f595\U0001f596"
    r"\U0001f645-\U0001f647\U0001f64b-\U0001f64f\U0001f6a3\U0001f6b4-\U0001f6b6\U0001f6c0\U0001f6cc\U0001f90c\U0001f90f"
    r"\U0001f918-\U0001f91f\U0001f926\U0001f930-\U0001f939\U0001f93c-\U0001f93e\U0001f977\U0001f9b5\U0001f9b6\U0001f9b8"
    r"\U0001f9b9\U0001f9bb\U0001f9cd-\U0001f9cf\U0001f9d1-\U0001f9dd\U0001fac3-\U0001fac5\U0001faf0-\U0001faf8]"
)
_REGIONS = """
    AC AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA
    CC CD CF CG CH CI CK CL CM CN CO CP CQ CR CU CV CW CX CY CZ DE DG DJ DK DM DO DZ EA EC EE EG EH ER ES ET EU FI FJ FK
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU IC ID IE IL IM IN IO IQ IR IS IT
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP
    MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE
    RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT
    TV TW TZ UA UG UM UN US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
"""
_FLAG = "|".join(_REGIONS.translate({c: c - ord("A") + 0x1F1E6 for c in range(ord("A"), ord("Z") + 1)}).split())
_ONE = rf"(?:{_PERSON}[\U0001f3fb-\U0001f3ff]|{_PICTURE}\ufe0f?)"
_EMOJI = re.compile(rf"[0-9#*]\ufe0f?\u20e3|(?:{_FLAG})|{_ONE}(?:\u200d{_ONE})*(?:[\U000e0020-\U000e007e]+\U000e007f)?")
# No emoji is without one of these; most texts have none, and to see that is a hundred times quicker.
_ODD = re.compile(r"[\u00a9\u00ae\u203c-\u32ff\U0001f000-\U0001faff]")
# A dot between two characters: without one there is no link.
_DOTTED = re.compile(r"[^\s.]\.[^\s.]")
_CHUNK = re.compile(r"[^ \n\t\r]+")
# What a host name could be made of. The library's patterns take quadratic time on a long one, cubic with many dots.
_HOST = re.compile(r"[^\s!'#%&()*+,/:;<=>?@\[\]^{|}~$\\]+")
_PATIENCE = 400_000  # about a tenth of a second


def weigh(text: str) -> int:
    """The weighted length of one post. Never raises; the time grows with the length of the text."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    weight, at = 0, 0
    for start, end in links(text):
        weight += _weigh(text[at:start]) + LINK
        at = end
    return weight + _weigh(text[at:])


def _weigh(text: str) -> int:
    left, emoji = _EMOJI.subn("", text) if _ODD.search(text) else (text, 0)
    light = len(_LIGHT.findall(left))
    return 2 * emoji + light + 2 * (len(left) - light)


def emoji(text: str) -> list[str]:
    """The emoji in a text, a family or a flag being one."""
    return _EMOJI.findall(text) if _ODD.search(text) else []


def links(text: str) -> list[tuple[int, int]]:
    """Where the links in it begin and end, with a scheme or without."""
    if not _DOTTED.search(text):
        return []
    with warnings.catch_warnings():  # it reads its data in an old way, which its pinned helper warns of
        warnings.simplefilter("ignore")
        from twitter_text import extract_urls_with_indices  # type: ignore[import-untyped]

    found: list[tuple[int, int]] = []
    patience = _PATIENCE
    for chunk in _CHUNK.finditer(text):
        word = chunk[0]
        if not _DOTTED.search(word):
            continue
        patience -= sum(len(host[0]) ** 2 * (host[0].count(".") + 1) for host in _HOST.finditer(word))
        if patience < 0:  # no post: a link more or less does not make it one
            break
        found += [(chunk.start() + a, chunk.start() + b) for a, b in map(_where, extract_urls_with_indices(word))]
    return found


def _where(entity: dict[str, list[int]]) -> tuple[int, int]:
    start, end = entity["indices"]
    return start, end
