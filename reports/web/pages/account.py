"""The account's own page: what it is, its password and its second factor."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from reports.web.pages.users import ROLES
from reports.web.pages.view import page
from reports.web.visit import Visiting

router = APIRouter()


@router.get("/account")
def account(visit: Visiting) -> Response:
    """What the account is, and where it is changed."""
    return page(visit, "account.html.j2", roles=ROLES)
