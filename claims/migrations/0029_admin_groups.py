"""Curators may edit the catalogue, administrators bring whole files of it."""

from django.db import migrations

ENTRIES = ("task", "dataset", "metric", "mlmodel")
NAMES = {"mlmodel": "model"}
CURATOR = (
    *((model, f"change_{model}", f"Can change {NAMES.get(model, model)}") for model in ENTRIES),
    ("area", "view_area", "Can view area"),
    ("datasetsplit", "view_datasetsplit", "Can view dataset split"),
)
ADMINISTRATOR = (*CURATOR, *((model, f"add_{model}", f"Can add {model}") for model in ("task", "dataset", "metric")))
GROUPS = {"curator": CURATOR, "administrator": ADMINISTRATOR}


def give_permissions(apps, schema_editor):
    """Give the groups that migration 0024 made what is new to do. What an operator took from them is not given back: it was never this."""
    using = schema_editor.connection.alias
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")
    for name, wanted in GROUPS.items():
        group = Group.objects.using(using).filter(name=name).first()
        if group is None:
            continue
        for model, codename, title in wanted:
            kind, _ = ContentType.objects.using(using).get_or_create(app_label="claims", model=model)
            permission, _ = Permission.objects.using(using).get_or_create(content_type=kind, codename=codename, defaults={"name": title})
            group.permissions.add(permission)


def take_permissions(apps, schema_editor):
    using = schema_editor.connection.alias
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, wanted in GROUPS.items():
        group = Group.objects.using(using).filter(name=name).first()
        codenames = [codename for _, codename, _ in wanted]
        if group is not None:
            group.permissions.remove(*Permission.objects.using(using).filter(content_type__app_label="claims", codename__in=codenames))


class Migration(migrations.Migration):

    dependencies = [
        ("claims", "0028_admin"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(give_permissions, take_permissions, elidable=False),
    ]
