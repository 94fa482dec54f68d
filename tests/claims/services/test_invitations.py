"""Invitations, and the groups that they lead into."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.core import signing
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from claims.errors import InvitationError, NotPermittedError, SpentInvitationError, UnknownInvitationError
from claims.models import ChangeSet, Invitation
from claims.services import invitations, once, permissions
from claims.terms import AccountGroup
from tests import factories as make

pytestmark = pytest.mark.django_db

PASSWORD = "a heron at dawn 7"


def invite(user: User | None = None, **wish: object) -> str:
    user = user or User.objects.filter(username="ada").first() or make.make_member("ada", "administrator")
    wanted: dict[str, object] = {"invitee": "Kim", "group": "curator", "days": 7, **wish}
    return invitations.invite(user, **wanted).secret  # type: ignore[arg-type]  # as a form has cleaned it


def accept(secret: str, username: str = "kim") -> User:
    return invitations.accept(secret, username=username, password=PASSWORD)


# ---- groups ----


@pytest.mark.parametrize(
    ("group", "may"),
    [
        ("uploader", {"upload"}),
        ("curator", {"curate"}),
        ("administrator", {"upload", "curate", "invite", "manage"}),
    ],
)
def test_group_may_what_its_name_says(group: str, may: set[str]) -> None:
    user = make.make_member("kim", group)
    asked = {
        "upload": permissions.may_upload(user),
        "curate": permissions.may_curate(user),
        "invite": permissions.may_invite(user),
        "manage": permissions.may_manage_all_webhooks(user) and user.has_perm("claims.manage_listing"),
    }
    assert {name for name, has in asked.items() if has} == may
    assert user.has_perm("claims.view_claim") == ("curate" in may)
    assert not user.has_perm("auth.change_user")  # who may change users may make themselves anything
    assert not user.has_perm("claims.view_webhook")  # their secrets sign what others believe
    assert not user.has_perm("claims.view_apitoken")


def test_groups_that_an_operator_changed_stay_as_they_are() -> None:
    make.make_groups()
    group = Group.objects.get(name="uploader")
    group.permissions.set(Permission.objects.filter(codename="view_paper"))
    Group.objects.filter(name="curator").delete()
    migration = import_module("claims.migrations.0024_groups")
    for _ in range(2):
        migration.make_groups(apps, SimpleNamespace(connection=connection))
    assert [each.codename for each in group.permissions.all()] == ["view_paper"]
    assert Group.objects.filter(name__in=list(AccountGroup)).count() == 3
    assert Group.objects.get(name="curator").permissions.filter(codename="change_claim").exists()


def test_permissions_of_the_groups_have_the_names_that_django_gives_them() -> None:
    """They are made before Django makes its own: what it would make must be there already, once."""
    make.make_groups()
    migration = import_module("claims.migrations.0024_groups")
    for wanted in migration.GROUPS.values():
        for model, codename, title in wanted:
            permission = Permission.objects.get(content_type__app_label="claims", content_type__model=model, codename=codename)
            assert title is None or permission.name == title
    assert Permission.objects.get(codename="view_changeset").name == "Can view change set"


# ---- making ----


def test_invitation_makes_one_account_in_its_group() -> None:
    secret = invite()
    user = accept(secret)
    assert [group.name for group in user.groups.all()] == ["curator"]
    assert user.check_password(PASSWORD)
    assert user.is_staff
    assert not user.is_superuser
    invitation = Invitation.objects.get()
    assert (invitation.accepted_by, invitation.account, invitation.inviter) == (user, "kim", "ada")
    assert secret.partition(":")[0] not in str(invitation.__dict__)
    with pytest.raises(SpentInvitationError, match="works once"):
        accept(secret, "lee")
    assert not User.objects.filter(username="lee").exists()


def test_uploader_does_not_see_the_admin() -> None:
    assert not accept(invite(group="uploader")).is_staff


def test_only_who_may_invite_does_and_gives_no_more_than_they_have() -> None:
    for user in (make.make_member("cy", "curator"), make.make_member("up", "uploader"), make.make_member("gone", "administrator")):
        user.is_active = user.username != "gone"
        with pytest.raises(NotPermittedError):
            invite(user)
    narrow = make.make_user("narrow", "add_invitation", "upload_listing")
    assert [group.name for group in invitations.offered_groups(narrow)] == ["uploader"]
    with pytest.raises(NotPermittedError):
        invite(narrow, group="administrator")
    assert [group.name for group in invitations.offered_groups(make.make_user("root", is_superuser=True))] == list(AccountGroup)


@pytest.mark.parametrize("wish", [{"invitee": ""}, {"invitee": " \n "}, {"invitee": "x" * 10_000}, {"days": 0}, {"days": 10**9}])
def test_invitation_that_can_not_be_is_refused(wish: dict[str, object]) -> None:
    with pytest.raises(InvitationError):
        invite(None, **wish)
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("group", ["", "root", "<b>curator</b>", "x" * 10_000])
def test_group_that_is_none_is_not_given(group: str) -> None:
    with pytest.raises(NotPermittedError):
        invite(group=group)


def test_no_more_invitations_are_open_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "MOST_OPEN", 2)
    invite()
    accept(invite())
    invite()
    with pytest.raises(InvitationError, match="2 open"):
        invite()


def test_form_that_is_sent_twice_makes_one_invitation(monkeypatch: pytest.MonkeyPatch) -> None:
    form = once.name_form()
    assert invite(form=form) == invite(form=form)
    assert Invitation.objects.count() == 1
    with pytest.raises(InvitationError, match="already"):
        invite(form=form, group="uploader")
    monkeypatch.setattr(once, "REPEATED_WITHIN", timedelta(0))
    with pytest.raises(InvitationError, match="already"):
        invite(form=form)


def test_form_of_another_user_makes_another_secret() -> None:
    form = once.name_form()
    assert invite(form=form) != invite(make.make_member("bo", "administrator"), form=form)


# ---- what leads nowhere ----


def test_forged_secrets_are_unknown() -> None:
    secret = invite()
    random, _, signature = secret.partition(":")
    forged = ["", "x", random, f"{random}:", f"{random[:-1]}x:{signature}", f"{random}:{signature[:-1]}", secret + "x", "\x00", "é:ü"]
    forged += ["x" * 10_000, signing.Signer().sign(random), signing.Signer(key="another", salt="claims.services.invitations").sign(random)]
    forged.append(signing.Signer(salt="claims.services.invitations").sign("of nobody"))
    for each in forged:
        with pytest.raises(UnknownInvitationError):
            invitations.find(each)
        with pytest.raises(UnknownInvitationError):
            accept(each)
    assert invitations.find(secret).invitee == "Kim"


def _expire() -> None:
    Invitation.objects.update(expires=timezone.now() - timedelta(seconds=1))


def _revoke() -> None:
    assert invitations.revoke(Invitation.objects.get().public_id) is not None


def _close_inviter() -> None:
    User.objects.filter(username="ada").update(is_active=False)


def _demote_inviter() -> None:
    User.objects.get(username="ada").groups.clear()


def _delete_inviter() -> None:
    User.objects.get(username="ada").delete()


def _widen_group() -> None:
    Group.objects.get(name="curator").permissions.add(Permission.objects.get(codename="change_user"))


@pytest.mark.parametrize("spend", [_expire, _revoke, _close_inviter, _demote_inviter, _delete_inviter, _widen_group])
def test_spent_invitation_makes_no_account(spend: Callable[[], None]) -> None:
    secret = invite()
    spend()
    with pytest.raises(SpentInvitationError):
        invitations.find(secret)
    with pytest.raises(SpentInvitationError):
        accept(secret)
    assert not User.objects.filter(username="kim").exists()


def test_revoking_is_for_open_invitations() -> None:
    accept(invite())
    followed = invitations.revoke(Invitation.objects.get().public_id)
    assert followed is not None
    assert followed.revoked is None
    assert invitations.revoke("none") is None


def test_name_that_is_taken_or_has_a_history_is_not_given_again() -> None:
    make.make_user("Kim")
    ChangeSet.objects.create(actor="lee", action="accept")
    secret = invite()
    for name in ("Kim", "kim", "lee", "policy", "Policy", "admin"):
        with pytest.raises(InvitationError, match="taken") as refused:
            accept(secret, name)
        assert refused.value.field == "username"
    assert accept(secret, "bo").get_username() == "bo"


def test_database_keeps_an_invitation_from_being_revoked_and_accepted() -> None:
    accept(invite())
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.update(revoked=timezone.now())


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_many_that_follow_one_link_at_once_one_gets_an_account() -> None:
    secret = invite()
    gate = threading.Barrier(6)

    def follow(number: int) -> bool:
        try:
            gate.wait()
            accept(secret, f"user{number}")
        except SpentInvitationError:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(follow, range(6))) == [False] * 5 + [True]
    assert User.objects.filter(username__startswith="user").count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_two_that_take_one_name_at_once_one_gets_it() -> None:
    secrets = [invite(), invite()]
    gate = threading.Barrier(2)

    def follow(secret: str) -> str:
        try:
            gate.wait()
            accept(secret, "kim")
        except InvitationError as error:
            return error.field
        finally:
            connections.close_all()
        return ""

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(follow, secrets)) == ["", "username"]
    assert sorted(Invitation.objects.values_list("account", flat=True)) == ["", "kim"]
