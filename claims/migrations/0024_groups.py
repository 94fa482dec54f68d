"""Groups for those who have an account: uploader, curator, administrator."""

from django.db import migrations

SEEN_BY_CURATORS = (
    *("claim", "cost", "paper", "result", "benchmark", "listing", "listingissue"),
    *("task", "dataset", "metric", "mlmodel", "alias"),
    *("changeset", "decision", "flag", "run", "reextraction"),
)
UPLOADER = (("listing", "upload_listing", "Can upload listings"),)
CURATOR = (
    ("claim", "change_claim", "Can change claim"),
    ("cost", "change_cost", "Can change cost"),
    *((model, f"view_{model}", None) for model in SEEN_BY_CURATORS),
)
ADMINISTRATOR = (
    *UPLOADER,
    *CURATOR,
    ("listing", "manage_listing", "Can stop, date and withdraw anybody's listings"),
    ("webhook", "manage_webhook", "Can manage anybody's webhooks"),
    ("invitation", "add_invitation", "Can add invitation"),
)
GROUPS = {"uploader": UPLOADER, "curator": CURATOR, "administrator": ADMINISTRATOR}


def make_groups(apps, schema_editor):
    """Make the groups that are not there. One that is there keeps what its site's operator gave it."""
    using = schema_editor.connection.alias
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")
    for name, wanted in GROUPS.items():
        group, made = Group.objects.using(using).get_or_create(name=name)
        if not made:
            continue
        # Permissions are written after all migrations; on a new site none is there yet.
        for model, codename, title in wanted:
            kind, _ = ContentType.objects.using(using).get_or_create(app_label="claims", model=model)
            title = title or f"Can view {apps.get_model('claims', model)._meta.verbose_name}"
            permission, _ = Permission.objects.using(using).get_or_create(content_type=kind, codename=codename, defaults={"name": title})
            group.permissions.add(permission)


class Migration(migrations.Migration):

    dependencies = [
        ("claims", "0023_indexes_of_acts"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        # Backwards they stay: people may be in them.
        migrations.RunPython(make_groups, migrations.RunPython.noop, elidable=False),
    ]
