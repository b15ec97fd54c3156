"""One school: its classes, families, staff, curriculum and timetable."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from sandbox import curriculum
from sandbox.calendar import TERMS, bells, holidays
from sandbox.consents import apply_for_diary
from sandbox.journal import keep_journal
from sandbox.members import Class, Diligence, Guardian, Movement, Pupil, Teacher
from sandbox.model import Group, Hours, Load, School, Subject
from sandbox.papers import hand_in
from sandbox.params import YEAR_START, Params
from sandbox.people import PeopleMaker
from sandbox.timetable import LAST_LESSON, Teaching, Timetabler, hand_over

EXEMPLARY = Diligence(0.01, 0.01, 0.02, 0.01, 0.05, 0.05)
ORDINARY = Diligence(0.04, 0.04, 0.08, 0.04, 0.12, 0.15)
CARELESS = Diligence(0.15, 0.20, 0.30, 0.15, 0.35, 0.40)
NEGLECTFUL = Diligence(0.45, 0.35, 0.50, 0.40, 0.50, 0.60)

UID_SHARE_PUPILS = 0.92
UID_SHARE_STAFF = 0.85
LOAD = 26  # lessons a week a subject teacher takes

# Systems whose timetable shows that a lesson passed from one teacher to another.
_WITH_HANDOVER = frozenset({"paragraf", "eschool", "klassinfo", "eljur"})


def random_for(*parts: object) -> Random:
    """A generator of its own for every part, so that parts do not disturb one another."""
    return Random("/".join(str(part) for part in parts))  # noqa: S311  # pretend data, no secrets


def populate(school: School, params: Params) -> None:
    """Give an empty ``school`` its people, timetable and journal up to ``params.until``."""
    rng = random_for(params.seed, school.code, "school")
    people = PeopleMaker(rng, school.number)
    school.terms = list(TERMS)
    school.holidays = holidays(quarantine=school.system != "dnevnik_ru" and school.number % 5 == 3)
    school.bells = bells(LAST_LESSON)
    _open_classes(school, params)
    _enrol(school, params, people, rng)
    teaching = _employ(school, people, rng)
    school.loads = _loads(school, teaching)
    Timetabler(school, teaching, rng).build()
    if school.system in _WITH_HANDOVER:
        hand_over(school)
    _give_uids(school, rng)
    apply_for_diary(school, params, rng)
    keep_journal(school, params, random_for(params.seed, school.code, "journal"))
    hand_in(school, random_for(params.seed, school.code, "papers"))


def _open_classes(school: School, params: Params) -> None:
    doubled = params.grades[-2:] if school.number % 3 == 1 and params.classes > 4 else []
    for grade in params.grades:
        for letter in "аб" if grade in doubled else "а":
            school.classes.append(Class(len(school.classes) + 1, grade, letter))
    names = {name for class_ in school.classes for name in curriculum.hours(class_.grade)}
    school.subjects = [Subject(code, name) for code, name in enumerate(sorted(names), start=1)]
    by_name = {subject.name: subject for subject in school.subjects}
    school.hours = [
        Hours(class_, by_name[name], per_week)
        for class_ in school.classes
        for name, per_week in curriculum.hours(class_.grade).items()
    ]


def _enrol(school: School, params: Params, people: PeopleMaker, rng: Random) -> None:
    for class_ in school.classes:
        for _ in range(rng.randint(params.pupils_least, params.pupils_most)):
            _add_family(school, class_, people, rng)
    school.index_pupils()
    _move(school, params, rng)
    for class_ in school.classes:
        if class_.grade >= 5 and (class_.grade + school.number) % 2 == 0:
            _split_for_english(school, class_)


def _add_family(school: School, class_: Class, people: PeopleMaker, rng: Random) -> None:
    surname = people.surname()
    born = 2026 - 7 - class_.grade
    child = people.person("pupil", date(born, 9, 1), date(born + 1, 8, 31), surname=surname)
    pupil = Pupil(child, class_, YEAR_START, ability=rng.random())
    if rng.random() < 0.02:
        pupil.exempt_from = curriculum.SPORT
    school.pupils.append(pupil)
    relations = [("мать", True)] if rng.random() < 0.6 else [("мать", True), ("отец", False)]
    for relation, female in relations:
        adult = people.person(
            "guardian", date(1975, 1, 1), date(1995, 12, 31), surname=surname, female=female
        )
        school.guardians.append(Guardian(adult, pupil, relation))


def _move(school: School, params: Params, rng: Random) -> None:
    """A newcomer, somebody who leaves and, between twin classes, a transfer."""
    last = (params.until - YEAR_START).days
    newcomer, leaver, mover = rng.sample(school.pupils, 3)
    newcomer.enrolled = YEAR_START + timedelta(days=min(8, last - 2))
    order = _order(school, newcomer, "Зачисление", newcomer.enrolled, None, newcomer.class_)
    order.other_school = f"Школа № {school.number or 2}"
    # Dnevnik.ru says that somebody left but not when, so nobody leaves there.
    if school.system != "dnevnik_ru":
        leaver.left = YEAR_START + timedelta(days=min(15, last - 1))
        order = _order(school, leaver, "Выбытие", leaver.left, leaver.class_, None)
        order.other_school = f"Школа № {school.number + 2}"
    twin = next(
        (c for c in school.classes if c.grade == mover.class_.grade and c is not mover.class_), None
    )
    if twin is not None:
        _order(school, mover, "Перевод", YEAR_START, twin, mover.class_)


def _order(
    school: School, pupil: Pupil, kind: str, day: date, old: Class | None, new: Class | None
) -> Movement:
    code = len(school.movements) + 1
    order = Movement(code, pupil, kind, day, f"{code + 11}-к", old, new)
    school.movements.append(order)
    return order


def _split_for_english(school: School, class_: Class) -> None:
    subject = next(
        (
            h.subject
            for h in school.hours
            if h.class_ is class_ and h.subject.name == curriculum.ENGLISH
        ),
        None,
    )
    if subject is None:
        return
    pupils = school.class_pupils(class_)
    half = len(pupils) // 2
    for number, members in enumerate((pupils[:half], pupils[half:]), start=1):
        code = len(school.groups) + 1
        school.groups.append(Group(code, class_, subject, f"Англ.яз./{number} гр.", members))


def _employ(school: School, people: PeopleMaker, rng: Random) -> Teaching:
    """Teachers for every class, subject and group, and a head who teaches nothing."""
    teaching: Teaching = {}
    free: dict[str, tuple[Teacher, int]] = {}
    for class_ in school.classes:
        own = None
        for hours in [h for h in school.hours if h.class_ is class_]:
            name = hours.subject.name
            if class_.grade <= 4 and name not in curriculum.SPECIALIST_SUBJECTS:
                own = own or _hire(school, people, rng, "Учитель начальных классов")
                teaching[class_.code, hours.subject.code, 0] = own
                continue
            groups = [g for g in school.groups if g.class_ is class_ and g.subject is hours.subject]
            for place, code in enumerate([g.code for g in groups] or [0]):
                seat = f"{name}/{place}"  # two groups at one time need two teachers
                teacher, load = free.get(seat) or (_hire(school, people, rng, "Учитель"), 0)
                free[seat] = (teacher, load + hours.per_week)
                teaching[class_.code, hours.subject.code, code] = teacher
                if load + hours.per_week > LOAD - 5:
                    del free[seat]
    _hire(school, people, rng, "Директор")
    return teaching


def _loads(school: School, teaching: Teaching) -> list[Load]:
    groups = {group.code: group for group in school.groups}
    return [
        Load(teacher, hours.class_, groups.get(group), hours.subject, hours.per_week)
        for hours in school.hours
        for (class_, subject, group), teacher in teaching.items()
        if (class_, subject) == (hours.class_.code, hours.subject.code)
    ]


def _hire(school: School, people: PeopleMaker, rng: Random, position: str) -> Teacher:
    person = people.person("staff", date(1960, 1, 1), date(2001, 12, 31), female=rng.random() < 0.8)
    diligence = rng.choices((EXEMPLARY, ORDINARY, CARELESS, NEGLECTFUL), (30, 45, 18, 7))[0]
    teacher = Teacher(person, position, rng.random() < 0.9, diligence)
    school.teachers.append(teacher)
    return teacher


def _give_uids(school: School, rng: Random) -> None:
    serial = 0
    shares = [(p.person, UID_SHARE_PUPILS) for p in school.pupils]
    shares += [(t.person, UID_SHARE_STAFF) for t in school.teachers]
    for person, share in shares:
        serial += rng.randint(1, 3)
        if rng.random() < share:
            person.uid = f"{30 + school.number % 60}{school.number:03d}{serial:05d}"
