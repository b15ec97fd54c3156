"""The first page: each account's own unit."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

from reports.web.visit import Visiting

router = APIRouter()


@router.get("/")
def home(visit: Visiting) -> RedirectResponse:
    """Lead to the account's region, district or school."""
    account = visit.account
    unit = "" if account.level == "region" else f"/{account.unit}"
    return RedirectResponse(f"/{account.level.value}{unit}", 303)
