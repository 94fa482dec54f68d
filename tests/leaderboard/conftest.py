"""Who is signed in."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import factories as make


@pytest.fixture
def curator(client: Client) -> Client:
    client.force_login(make.make_user("curator", "change_claim", "change_cost"))
    return client


@pytest.fixture
def uploader(client: Client) -> Client:
    client.force_login(make.make_user("uploader", "upload_listing"))
    return client
