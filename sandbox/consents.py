"""Guardians' applications for the diary service: registered, only applied, refused or none."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from sandbox.members import Application
from sandbox.model import School
from sandbox.params import YEAR_START, Params


def apply_for_diary(school: School, params: Params, rng: Random) -> None:
    """Give most pupils an application; nothing in it happens after ``params.until``.

    Where applications come as typed lists, the last list is dated the day before ``until``.
    """
    last = params.until if school.system == "paragraf" else list_date(params)
    for pupil in school.pupils:
        chance = rng.random()
        early = YEAR_START - timedelta(days=rng.randint(2, 90))
        recent = last - timedelta(days=rng.randint(1, 4))
        if chance >= 0.95:
            continue
        applied = recent if chance > 0.80 and chance < 0.85 else early
        pupil.application = Application(0, applied)
        if chance < 0.85:
            pupil.application.registered = applied + timedelta(days=rng.randint(0, 1))
        elif chance < 0.90:
            pupil.application.registered = early + timedelta(days=1)
            pupil.application.refused = last - timedelta(days=rng.randint(0, 12))
    applications = [p.application for p in school.pupils if p.application]
    for code, application in enumerate(applications, start=1):
        application.code = code


def list_date(params: Params) -> date:
    """The date in the name of the newest typed list."""
    return params.until - timedelta(days=1)


def first_list_date(params: Params) -> date:
    """The date in the name of the older list, which the newest one replaces."""
    return max(YEAR_START, params.first_business_date - timedelta(days=7))
