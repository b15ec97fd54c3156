"""A card in words for people, in Russian: whole as lines of text, or by its pieces.

``names``: of teachers by pseudonym, where they were released to the reader; others have a code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.cards.late_words import late_words, of_consents
from pipeline.cards.words import counted, span
from quality.cards import Card, CardState, Part, Share
from reports.remarks import shown_as
from reports.words import SOURCES, short_date
from schemas.rulebook import is_unread

NOBODY: Mapping[str, str] = {}
SHOWN = 5  # parts of a card, and people: whom to talk to first

_STATES = {
    CardState.NEW: "новое",
    CardState.OPEN: "не исправлено",
    CardState.FIXED: "исправлено",
}
WHO = {
    "teacher": "учитель",
    "deputy": "заместитель директора",
    "administrator": "администратор школы",
    "operator": "оператор",
}


def told(card: Card) -> str:
    """What a card says; of many parts the first few, and how many more there are."""
    place = place_words(card) or (SOURCES.get(card.source, "") if _gathered(card) else "")
    lines = [
        held_words(card),
        *(
            f"отсрочено до {short_date(part.waived.until)}: {counts_words(part.held) or 'всё'};"
            f" {part.waived.reason} ({part.waived.by})"
            for part in card.waived
        ),
        f"исправлено с прошлой проверки: {card.fixed}" if card.fixed else "",
        *_parts(card),
        _shares(card.shares),
        f"где: {place}" if place else "",
        _duty(card),
        f"почему важно: {card.why}",
        f"{'как исправить' if card.mendable else 'что делать'}: {card.fix}",
    ]
    return "\n".join(
        [f"[{state_words(card)}] {card.title}", *(f"    {one}" for one in lines if one), ""]
    )


def summed(cards: Sequence[Card]) -> str:
    """How many cards there are, what is waived and what is mended apart."""
    fixed = sum(card.state is CardState.FIXED for card in cards)
    excused = sum(card.excused for card in cards)
    return f"Причин: {len(cards) - fixed - excused}; отсрочено: {excused}; исправлено: {fixed}"


def state_words(card: Card) -> str:
    """«новое», «отсрочка до 31.10.2026»."""
    if card.excused:
        return f"отсрочка до {short_date(min(part.waived.until for part in card.waived))}"
    if card.mendable:
        return _STATES[card.state]
    return "новое, исправить нельзя" if card.state is CardState.NEW else "исправить нельзя"


def _gathered(card: Card) -> bool:
    """Whether it tells of several causes of an upload: they have no place but their source."""
    return len(card.parts) > 1 and not card.shares


def held_words(card: Card) -> str:
    """What waits for it, and how much of it is new."""
    if of_consents(card):
        return late_words(card)
    if not card.held:
        return ""
    remarks = sum(share.remarks for share in card.shares)
    told = [f"затронуто: {counts_words(card.held)}"]
    if remarks and remarks != sum(card.held.values()):
        told.append(counted("remark", remarks))
    if card.state is CardState.OPEN and card.new:
        told.append(f"новых с прошлой проверки: {card.new}")
    return "; ".join(told)


def counts_words(held: Mapping[str, int]) -> str:
    """«412 отметок, 3 урока», the most first."""
    most_first = sorted(held.items(), key=lambda one: -one[1])
    return ", ".join(counted(kind, count) for kind, count in most_first)


def amount_words(part: Part) -> str:
    """How much of a card is of ``part``."""
    return late_words(part) if of_consents(part) else counts_words(part.held)


def new_in(part: Part) -> int:
    """How many of ``part`` are new; of late consents only the finding is known to be."""
    return 0 if of_consents(part) else part.new


def _parts(card: Card) -> list[str]:
    """A line for each of the first parts; none for a single one: the card's title says it."""
    if len(card.parts) == 1:
        return []
    told = [f"- {part_words(part, card.title)}" for part in card.parts[:SHOWN]]
    return [*told, *([f"- {_more(len(card.parts))}"] if len(card.parts) > SHOWN else [])]


def part_words(part: Part, title: str) -> str:
    """What it is, beside what the card's ``title`` says already; how much, and where."""
    said = part.title.removeprefix(title).lstrip(": ")
    new = f", новых {part.new}" if 0 < part.new < sum(part.held.values()) else ""
    place = place_words(part)
    told = [said, f"{amount_words(part)}{new}{f' ({place})' if place else ''}"]
    return " — ".join(filter(None, told))


def _shares(shares: Sequence[Share]) -> str:
    """Whose the most remarks are; nothing where all are one's: the card's place says it."""
    if len(shares) < 2:
        return ""
    codes = shown_as((share.teacher for share in shares if share.teacher), {})
    told = [f"{whose(share, codes)} — {share.remarks}" for share in shares[:SHOWN]]
    more = f"; {_more(len(shares))}" if len(shares) > SHOWN else ""
    return f"у кого замечания: {'; '.join(told)}{more}"


def _more(count: int) -> str:
    return f"и ещё {count - SHOWN}"


def whose(share: Share, codes: Mapping[str, str]) -> str:
    """Whose a share is; ``codes``: what each teacher is called."""
    if share.teacher:
        return codes[share.teacher]
    if share.class_key:
        return f"класс {share.class_name or share.class_key}"
    if share.first_day and share.last_day:
        return span(share.first_day, share.last_day)
    return "не относится к одному учителю"


def place_words(told: Card | Part, names: Mapping[str, str] = NOBODY) -> str:
    """Document and line, or the run's own words; class and subject, and whose."""
    if of_consents(told):
        return ""
    where = told.where
    documents = ", ".join(where.documents)
    if where.documents_in_all > len(where.documents):
        documents += f" и ещё {where.documents_in_all - len(where.documents)}"
    if documents and where.line:
        documents += f", строка {where.line}"
    class_, subject = where.class_name or where.class_key, where.subject_name or where.subject_key
    parts = [
        documents,
        told.detail if not documents or _counts_in(told) else "",
        f"класс {class_}" if class_ else "",
        f"предмет {subject}" if subject else "",
        shown_as([where.teacher], names)[where.teacher] if where.teacher else "",
    ]
    return "; ".join(filter(None, parts))


def _counts_in(told: Card | Part) -> bool:
    """Whether the detail of a finding says how many: of what is in no line of a document."""
    return told.where.line is None and not is_unread(told.rule)


def _duty(card: Card) -> str:
    """Since when, whose duty it is, and by which rules."""
    since = f"с {short_date(card.since)}"
    if not card.mendable:
        since = f"найдено в этом месяце, {since}"
    does = "исправляет" if card.mendable else "отвечает"
    rules = list(dict.fromkeys(part.rule for part in card.parts))
    names = f"{'правило' if len(rules) == 1 else 'правила'} {', '.join(rules)}"
    return f"{since}; {does} {WHO[card.who]}; {names}"
