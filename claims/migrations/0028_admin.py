"""What the filters of the admin ask for is found by an index; those on what few numbers have hold these alone."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('claims', '0027_merges'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(condition=models.Q(('state', 'unreviewed'), _negated=True), fields=['state', 'id'], name='claim_by_state'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(condition=models.Q(('decided_by', 'nobody'), _negated=True), fields=['decided_by', 'id'], name='claim_by_decided_by'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(condition=models.Q(('kind', 'absolute'), _negated=True), fields=['kind', 'id'], name='claim_by_kind'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(condition=models.Q(('role', 'proposed'), _negated=True), fields=['role', 'id'], name='claim_by_role'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(condition=models.Q(('field', 'abstract'), _negated=True), fields=['field', 'id'], name='claim_by_field'),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(condition=models.Q(('qualifier', '='), _negated=True), fields=['qualifier', 'id'], name='claim_by_qualifier'),
        ),
        migrations.AddIndex(
            model_name='cost',
            index=models.Index(condition=models.Q(('state', 'unreviewed'), _negated=True), fields=['state', 'id'], name='cost_by_state'),
        ),
        migrations.AddIndex(
            model_name='cost',
            index=models.Index(condition=models.Q(('decided_by', 'nobody'), _negated=True), fields=['decided_by', 'id'], name='cost_by_decided_by'),
        ),
        migrations.AddIndex(
            model_name='cost',
            index=models.Index(condition=models.Q(('kind', 'absolute'), _negated=True), fields=['kind', 'id'], name='cost_by_kind'),
        ),
        migrations.AddIndex(
            model_name='cost',
            index=models.Index(condition=models.Q(('role', 'proposed'), _negated=True), fields=['role', 'id'], name='cost_by_role'),
        ),
        migrations.AddIndex(
            model_name='cost',
            index=models.Index(condition=models.Q(('field', 'abstract'), _negated=True), fields=['field', 'id'], name='cost_by_field'),
        ),
        migrations.AddIndex(
            model_name='cost',
            index=models.Index(condition=models.Q(('qualifier', '='), _negated=True), fields=['qualifier', 'id'], name='cost_by_qualifier'),
        ),
        migrations.AddIndex(
            model_name='cost',
            index=models.Index(fields=['measure', 'id'], name='cost_by_measure'),
        ),
    ]
