"""The `tally` command."""

import typer

from tally.cli.adopting import adopt
from tally.cli.areas import areas
from tally.cli.audit import audit
from tally.cli.calibrating import calibrate
from tally.cli.cameras import cameras
from tally.cli.count import count
from tally.cli.count_audits import count as count_samples
from tally.cli.count_audits import list_samples, report, start
from tally.cli.counts import counts
from tally.cli.crossings import crossings, flows
from tally.cli.discovering import discover
from tally.cli.exporting import export_cameras
from tally.cli.heat_maps import heatmap
from tally.cli.importing import import_cameras
from tally.cli.keys import keys
from tally.cli.login import login, logout, passwd, token, whoami
from tally.cli.models import models
from tally.cli.notifications import notifications
from tally.cli.pictures import picture
from tally.cli.placing import locate, move
from tally.cli.privacy import privacy
from tally.cli.probing import probe
from tally.cli.provisioning import provision
from tally.cli.rebuilding import rebuild
from tally.cli.roles import roles
from tally.cli.sagas import sagas
from tally.cli.sessions import sessions
from tally.cli.sites import sites
from tally.cli.snapshots import snapshot
from tally.cli.switching import rollback, switch, switches
from tally.cli.tasks import queue, tasks
from tally.cli.tuning import tune
from tally.cli.up import up
from tally.cli.users import users
from tally.cli.visits import dwells, visits
from tally.cli.watching import status, watch
from tally.cli.workers import workers
from tally.cli.zones import zones

AUDITS = "Audits of counts"
app = typer.Typer(
    name="tally",
    help="AI camera counting: cameras in, trustworthy counts out.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.command()(up)
app.command()(count)
app.command()(counts)
app.command()(crossings)
app.command()(picture)
app.command()(flows)
app.command()(heatmap)
app.command()(visits)
app.command()(dwells)
app.command()(login)
app.command()(logout)
app.command()(whoami)
app.command()(token)
app.command()(passwd)
app.add_typer(users, name="users")
app.add_typer(roles, name="roles")
app.add_typer(sessions, name="sessions")
app.add_typer(keys, name="keys")
app.add_typer(workers, name="workers")
app.add_typer(sites, name="sites")
cameras.command("export")(export_cameras)
cameras.command("import")(import_cameras)
cameras.command()(move)
cameras.command()(locate)
cameras.command()(rebuild)
cameras.command()(discover)
cameras.command()(adopt)
cameras.command()(probe)
cameras.command()(provision)
cameras.command()(zones)
cameras.command()(calibrate)
cameras.command()(tune)
cameras.command()(privacy)
cameras.command()(snapshot)
cameras.command()(status)
cameras.command()(watch)
app.add_typer(areas, name="areas")
app.add_typer(cameras, name="cameras")
audit.command(rich_help_panel=AUDITS)(start)
audit.command("count", rich_help_panel=AUDITS)(count_samples)
audit.command("samples", rich_help_panel=AUDITS)(list_samples)
audit.command(rich_help_panel=AUDITS)(report)
app.add_typer(audit, name="audit")
models.command()(switch)
models.command()(rollback)
models.command()(switches)
app.add_typer(models, name="models")
app.add_typer(sagas, name="sagas")
app.command()(notifications)
app.add_typer(tasks, name="tasks")
app.command()(queue)


def main() -> None:
    """Run the command line."""
    app()
