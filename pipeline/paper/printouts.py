"""The week on paper for families who asked for it: a page per pupil, a file per class.

The pages name the child and its guardians, so they are made on the vault's side: the names come by
an audited release to that school, for that purpose, and the files lie in the school's private
folder, readable by their owner alone. They are never mailed. Texts stay as they were stored: what
the scan has hidden of other people is hidden here too.
"""

from __future__ import annotations

from datetime import date, timedelta

from pipeline.forms.hand_out import private_folder, write_private
from pipeline.hub import Hub
from pipeline.intake.collect import Run
from pipeline.paper.diaries import standing
from pipeline.paper.pupil_week import PupilWeek, weeks_of
from privacy.release import Channel, ReleaseRefusedError, release_names
from reports.diary_pages import DiaryPage, Week, render_pages

PURPOSE = "guardian_printout"
PREFIX = "raspechatka_"


class PrintoutsRefusedError(Exception):
    """Some schools got no printouts, the others did: the messages say why. Correct that, and print
    again."""


def week_of(on: date) -> Week:
    """Monday to Saturday of the week that ``on`` lies in."""
    monday = on - timedelta(days=on.weekday())
    return Week(monday, monday + timedelta(days=5))


def print_diaries(hub: Hub, run: Run) -> dict[str, int]:
    """Write the pages of the week of ``run``'s business date, as it is known at its end.

    Returns how many ``schools``, ``files`` and ``pages`` there are, and how many pupils are in
    ``no_class`` of their school any more. Raises ``PrintoutsRefusedError`` after all schools.
    """
    with hub.engine.begin() as connection:
        asked = standing(connection, run.business_date)
    counts = dict.fromkeys(("schools", "files", "pages", "no_class"), 0)
    refused = []
    for school, pupils in asked.items():
        try:
            files, pages = _print_school(hub, school, pupils, run.business_date)
        except ReleaseRefusedError as error:
            refused.append(str(error))
            continue
        counts["schools"] += 1
        counts["files"] += files
        counts["pages"] += pages
        counts["no_class"] += len(pupils) - pages
    if refused:
        raise PrintoutsRefusedError("; ".join(refused))
    return counts


def _print_school(hub: Hub, school: str, pupils: list[str], on: date) -> tuple[int, int]:
    """How many files and pages of a school were written."""
    week = week_of(on)
    with hub.engine.begin() as connection:
        weeks = weeks_of(connection, school, pupils, week, on)
    named = release_names(
        hub.vault,
        school,
        [person for one in weeks for person in (one.pupil, *one.guardians)],
        purpose=PURPOSE,
        channel=Channel.FOLDER,
        log=hub.log_action,
    )
    classes: dict[str, list[DiaryPage]] = {}
    for one in weeks:
        classes.setdefault(_plain(one.class_name), []).append(_page(one, named))
    folder = private_folder(hub.settings.reports, on, school)
    for old in folder.glob(f"{PREFIX}*"):  # of a class where nobody asks any more
        old.unlink()
    for name, pages in classes.items():
        pages.sort(key=lambda page: page.pupil)
        write_private(folder / f"{PREFIX}{name}_{on.isoformat()}.html", render_pages(week, pages))
    return len(classes), len(weeks)


def _page(one: PupilWeek, named: dict[str, str]) -> DiaryPage:
    return DiaryPage(
        pupil=named[one.pupil],
        class_name=one.class_name,
        guardians=sorted(named[guardian] for guardian in one.guardians),
        days=one.days,
        other=one.other,
    )


def _plain(class_name: str) -> str:
    """Letters and digits of a class, for the name of a file."""
    return "".join(sign for sign in class_name if sign.isalnum()) or "klass"
