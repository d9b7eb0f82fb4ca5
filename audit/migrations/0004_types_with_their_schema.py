from django.db import migrations

from audit.operations import RefreshedAuditTriggers


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_lighter_log")]

    operations = [RefreshedAuditTriggers()]
