from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("claims", "0002_append_only")]

    operations = [migrations.AddField("listing", "failures", models.PositiveSmallIntegerField(default=0))]
