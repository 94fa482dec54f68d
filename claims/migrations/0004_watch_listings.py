from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('claims', '0003_listing_failures'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='listing',
            options={'permissions': [('upload_listing', 'Can upload listings'), ('manage_listing', "Can stop, date and withdraw anybody's listings")]},
        ),
        migrations.RemoveConstraint(
            model_name='listing',
            name='listing_state_known',
        ),
        migrations.AddField(
            model_name='listing',
            name='unsettled_from',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='listingchunk',
            name='closed',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='listingchunk',
            name='found_claims',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='listingchunk',
            name='found_costs',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='paper',
            name='withdrawn',
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name='listing',
            name='state',
            field=models.CharField(choices=[('waiting', 'waiting'), ('reading', 'reading'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled'), ('withdrawn', 'withdrawn')], default='waiting', max_length=10),
        ),
        migrations.AddConstraint(
            model_name='listing',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'reading', 'done', 'failed', 'cancelled', 'withdrawn'])), name='listing_state_known'),
        ),
    ]
