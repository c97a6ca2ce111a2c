"""Promoloop's command line."""

import getpass
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ml.errors import PromoloopError, ServiceError
from ml.settings import settings
from promoloop import preflight as checks
from promoloop import services
from promoloop.airflow_api import AirflowApi
from promoloop.environment import environment

app = typer.Typer(no_args_is_help=True)
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

AsOf = Annotated[
    datetime,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="Plan from this date; see nothing after."),
]
PlanVersion = Annotated[str, typer.Argument(help="The plan's version, YYYY-MM-DD-xxxxxxxx.")]
Comment = Annotated[str, typer.Option(help="Kept in the audit log.")]
REFRESH = "refresh_promotions"
DEMO_DAY = datetime(2017, 12, 4)  # noqa: DTZ001 - a date


@app.callback()
def private() -> None:
    """Plan, publish and watch a retailer's promotions."""
    os.umask(0o077)  # what any command writes is its owner's alone


@app.command()
def preflight() -> None:
    """List what is missing on this machine, with the command that installs it."""
    _check()
    out.print("nothing is missing")


@app.command()
def up() -> None:
    """Start Airflow, MLflow and Spark on this machine."""
    with _errors():
        _check()
        services.up(settings(), out.print)
    status()


@app.command()
def down() -> None:
    """Stop every service and all they started."""
    with _errors():
        services.down(settings())
    out.print("all services are stopped")


@app.command()
def status() -> None:
    """Show the services, their pages, and where the password and the logs are."""
    health = services.health(settings())
    table = Table("service", "state", "answers", box=None, pad_edge=False)
    for service in health:
        table.add_row(service.name, service.state, service.problem or "yes")
    out.print(table)
    for name, place in services.places(settings()).items():
        out.print(f"{name:16} {place}")
    if any(service.problem for service in health):
        raise typer.Exit(1)


@app.command()
def demo(as_of: AsOf = DEMO_DAY) -> None:
    """Bring everything up, refresh one day on the demo data, and sum up what came of it."""
    with _errors():
        _check()
        services.up(settings(), out.print)
        _refresh(as_of, {})
    out.print("\nThe services stay up. `make status` shows them, `make down` stops them.")


@app.command()
def refresh(
    as_of: AsOf,
    source: Annotated[str | None, typer.Option(help="complete_journey or files.")] = None,
    horizon: Annotated[int | None, typer.Option(help="Weeks to plan.")] = None,
    budget: Annotated[float | None, typer.Option(help="Over the horizon.")] = None,
) -> None:
    """Trigger the refresh for a date on the running platform, and follow it."""
    chosen = {"source": source, "horizon": horizon, "budget": budget}
    with _errors():
        _refresh(as_of, {name: value for name, value in chosen.items() if value is not None})


@app.command()
def plan(
    as_of: AsOf = DEMO_DAY,
    budget: Annotated[float | None, typer.Option(help="Over the horizon.")] = None,
    floor: Annotated[float | None, typer.Option(help="Least margin, of the promo price.")] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="A product, category or department; repeatable.")
    ] = None,
    must: Annotated[
        list[str] | None, typer.Option(help="A product to promote at least once; repeatable.")
    ] = None,
    slots: Annotated[int | None, typer.Option(help="Promotions of a category in a week.")] = None,
) -> None:
    """What if: plan a planned day again under other limits; nothing is published."""
    from ml.promotions.scenario import Scenario, compare
    from promoloop.what_if import table

    with _errors():
        asked = Scenario(budget, floor, tuple(exclude or ()), must=tuple(must or ()), slots=slots)
        comparison = compare(as_of.date(), asked)
    out.print(table(comparison))
    out.print(
        f"at most {comparison.gap:.4%} below the best plan under these limits; its promotions are "
        f"in {comparison.path}. Nothing was published."
    )


@app.command("check-source")
def check_source(
    source: Annotated[str | None, typer.Argument(help="complete_journey or files.")] = None,
    path: Annotated[Path | None, typer.Option(help="The folder of a `files` source.")] = None,
) -> None:
    """Report what of a source is mapped, missing or suspicious, before any run."""
    from ml.sources.check import check_source

    with _errors():
        report = check_source(source, path)
    out.print(report.render(), markup=False)


@app.command()
def approve(version: PlanVersion, comment: Comment = "") -> None:
    """Approve the plan that a waiting refresh asks about; the run then publishes it."""
    with _errors():
        AirflowApi(settings()).answer(version, "Approve", comment)
    out.print(f"approved {version}; its run goes on to publish it")


@app.command()
def reject(version: PlanVersion, comment: Comment = "") -> None:
    """Reject the plan that a waiting refresh asks about; the live schedule stays."""
    with _errors():
        AirflowApi(settings()).answer(version, "Reject", comment)
    out.print(f"rejected {version}; what is live stays")


@app.command("roll-back")
def roll_back(
    version: Annotated[str, typer.Argument(help="A folder of published/.")], comment: Comment = ""
) -> None:
    """Make an older published version the current one."""
    from ml.publishing.publish import roll_back

    with _errors():
        roll_back(version, getpass.getuser(), comment)
    out.print(f"current is {version}")


@app.command()
def pseudonym(
    customers: Annotated[
        list[str] | None, typer.Argument(help="None: one a line of input.")
    ] = None,
) -> None:
    """Print customers' ids, as the source writes them, each with the pseudonym in use here."""
    from ml.privacy import pseudonym

    with _errors():
        for line in customers or sys.stdin:
            out.print(f"{line.strip()},{pseudonym(line.strip())}", markup=False)


@app.command("forget-customer")
def forget_customer(
    customer: Annotated[str, typer.Argument(help="The id, as the source writes it.")],
) -> None:
    """Remove a customer from all that is stored here, and keep them out of later runs."""
    from ml.erasure import forget_customer
    from ml.privacy import pseudonym, record_path

    with _errors():
        removed = forget_customer(pseudonym(customer.strip()), getpass.getuser())
    for place, rows in removed.items():
        out.print(f"{rows:>8,} rows  {place}", markup=False)
    out.print(f"forgotten; the record is {record_path()}. The source itself was not touched.")


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="8090 unless the settings say else.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes.")] = None,
) -> None:
    """Serve the published schedule to shops and tills over HTTP, until stopped."""
    from promoloop.serving.server import serve

    chosen = settings()
    with _errors():
        serve(
            chosen,
            host or chosen.host,
            port or chosen.serving_port,
            workers or chosen.serving_workers,
        )


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def airflow(context: typer.Context) -> None:
    """Run Airflow's own command line against this platform: `promoloop airflow dags list`."""
    command = str(Path(sys.executable).parent / "airflow")
    raise typer.Exit(
        subprocess.run([command, *context.args], env=environment(settings())).returncode
    )


def _refresh(as_of: datetime, conf: dict[str, object]) -> None:
    from promoloop.progress import failures, follow
    from promoloop.summary import summary

    api = AirflowApi(settings())
    day = as_of.date()
    run_id = f"{day}-by-hand-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}"
    api.wait_for_dag(REFRESH)
    api.unpause(REFRESH)
    api.trigger(REFRESH, run_id, {"as_of": day.isoformat(), **conf})
    out.print(f"refreshing for {day}: {api.run_page(REFRESH, run_id)}")
    if follow(api, REFRESH, run_id, out.print) == "success":
        out.print(summary(settings(), day))
        return
    for failure in failures(settings(), api.tasks(REFRESH, run_id)):
        err.print(f"\n{failure.task_id} failed\n{failure.error}\nlog: {failure.log}", markup=False)
    raise ServiceError(f"the refresh for {day} failed; what was published before stays live")


def _check() -> None:
    findings = checks.preflight(settings())
    for finding in findings:
        kind = "missing" if finding.stops else "hint"
        err.print(f"{kind}: {finding.what}\n    {finding.mend}", markup=False)
    if any(finding.stops for finding in findings):
        raise typer.Exit(1)


@contextmanager
def _errors() -> Iterator[None]:
    """Our own errors are printed in one line, without a traceback."""
    try:
        yield
    except PromoloopError as error:
        err.print(f"{type(error).__name__}: {error}", markup=False)
        raise typer.Exit(1) from None
