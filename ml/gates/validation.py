"""Great Expectations as the gates use it: validate frames, keep results, build Data Docs.

The file-backed context lies under PROMOLOOP_HOME/gx. A table that is validated in chunks
gets one result, the chunks' counts added, so that Data Docs has a page a table and run.
"""

import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ml.contracts.suites import great_expectations
from ml.errors import ContractError, GateError
from ml.settings import settings

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.data_context import FileDataContext

log = logging.getLogger(__name__)

EXAMPLES = 20
KEPT_RUNS = 6
EVERY_BAD_ROW = {
    "result_format": "COMPLETE",
    "partial_unexpected_count": EXAMPLES,
    "return_unexpected_index_query": False,
}
COUNTS = ("element_count", "unexpected_count", "missing_count")
LONG = ("unexpected_list", "unexpected_index_list", "unexpected_index_query")


@dataclass(frozen=True)
class Broken:
    """A rule that rows broke: `rows` are positions in the validated frame.

    `rows` is empty where the rule is about the whole table.
    """

    column: str
    rule: str
    rows: list[int]
    observed: str = ""


@dataclass
class Validation:
    """One gate's work on one as-of date: `validate` frames, then `publish`."""

    gate: str
    as_of: date
    results: dict[str, "ExpectationSuiteValidationResult"] = field(default_factory=dict)

    @cached_property
    def context(self) -> "FileDataContext":
        gx = great_expectations()
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="file", project_root_dir=settings().home.absolute())
        context.enable_analytics(enable=False)
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        context.variables.save()
        return context

    def validate(self, frame: pd.DataFrame, suite: "ExpectationSuite") -> list[Broken]:
        """Which rows of `frame` break which rules of `suite`."""
        data = self.context.data_sources.add_or_update_pandas(self.gate)
        asset = data.add_dataframe_asset(suite.name)
        batch = asset.add_batch_definition_whole_dataframe("batch").get_batch({"dataframe": frame})
        result = batch.validate(suite, result_format=EVERY_BAD_ROW)
        broken = [_broken(one) for one in result.results if not one.success]
        self._keep(suite, result)
        return broken

    def check(self, frame: pd.DataFrame, suite: "ExpectationSuite") -> None:
        """Stop at the first rule of `suite` that a row of `frame` breaks.

        Raises:
            GateError: with the rule, how many rows broke it, and one of them.
        """
        broken = self.validate(frame, suite)
        if not broken:
            return
        one = broken[0]
        result = f"{len(one.rows)} of {len(frame)} rows" if one.rows else one.observed
        row = frame.iloc[one.rows[0]].dropna().to_dict() if one.rows else {}
        raise GateError(
            f"{suite.name}.{one.column}: {one.rule}: {result}"
            + (f", for example {row}" if row else "")
            + f"; {len(broken)} rules are broken and none may be. Nothing after this gate ran: "
            f"correct the stage that writes {suite.name} (see {data_docs_index()})"
        )

    def publish(self) -> Path:
        """Store the results and rebuild Data Docs; returns its first page."""
        from great_expectations.core.run_identifier import RunIdentifier
        from great_expectations.data_context.types.resource_identifiers import (
            ExpectationSuiteIdentifier,
            ValidationResultIdentifier,
        )

        at = datetime(self.as_of.year, self.as_of.month, self.as_of.day, tzinfo=UTC)
        pages: list[Any] = []  # suites and results: the library's type allows one kind only
        run = RunIdentifier(run_name=f"{self.as_of} {self.gate}", run_time=at)
        for name, result in self.results.items():
            result.meta |= {"run_id": run, "validation_time": at}
            suite = ExpectationSuiteIdentifier(name=name)
            identifier = ValidationResultIdentifier(
                batch_identifier=result.batch_id or name,
                expectation_suite_identifier=suite,
                run_id=run,
            )
            self.context.validation_results_store.store_validation_results(
                suite_validation_result=result,
                suite_validation_result_identifier=identifier,
                expectation_suite_identifier=suite,
            )
            pages += [suite, identifier]
        _drop_old_runs()
        self.context.build_data_docs(resource_identifiers=pages)
        log.info("Data Docs: %s", data_docs_index())
        return data_docs_index()

    def _keep(self, suite: "ExpectationSuite", result: "ExpectationSuiteValidationResult") -> None:
        for one in result.results:
            for key in LONG:
                one.result.pop(key, None)
        if suite.name in self.results:
            _add(self.results[suite.name], result)
            return
        self.context.suites.add_or_update(suite)
        self.results[suite.name] = result


def data_docs_index() -> Path:
    """The first page of Data Docs."""
    return _home() / "uncommitted" / "data_docs" / "local_site" / "index.html"


def _home() -> Path:
    return settings().home.absolute() / "gx"


def _broken(one: Any) -> Broken:
    config = one.expectation_config
    for metric in one.exception_info.values():
        if isinstance(metric, dict) and metric.get("raised_exception"):
            raise ContractError(
                f"{config.type} on {config.kwargs} could not be checked: "
                f"{metric['exception_message']}; the contract's rule does not fit the data's type"
            )
    rows = one.result.get("unexpected_index_list") or []
    observed = str(one.result.get("observed_value", ""))
    return Broken(config.meta["column"], config.meta["rule"], list(rows), observed)


def _add(total: "ExpectationSuiteValidationResult", part: Any) -> None:
    """Add a later chunk's counts and examples to the first's."""
    for one, more in zip(total.results, part.results, strict=True):
        one.success = one.success and more.success
        for count in COUNTS:
            if count in one.result:
                one.result[count] += more.result[count]
        for examples in ("partial_unexpected_list", "partial_unexpected_index_list"):
            if examples in one.result:
                both = one.result[examples] + more.result.get(examples, [])
                one.result[examples] = both[:EXAMPLES]
        one.result |= dict(_percents(one.result))
    total.success = all(one.success for one in total.results)
    successes = sum(bool(one.success) for one in total.results)
    total.statistics |= {
        "successful_expectations": successes,
        "unsuccessful_expectations": len(total.results) - successes,
        "success_percent": 100 * successes / max(len(total.results), 1),
    }


def _percents(result: dict[str, Any]) -> Iterator[tuple[str, float]]:
    if "unexpected_count" not in result:
        return
    rows, bad = result["element_count"], result["unexpected_count"]
    present = rows - result.get("missing_count", 0)
    yield "unexpected_percent", 100 * bad / max(present, 1)
    yield "unexpected_percent_nonmissing", 100 * bad / max(present, 1)
    yield "unexpected_percent_total", 100 * bad / max(rows, 1)
    if "missing_count" in result:
        yield "missing_percent", 100 * result["missing_count"] / max(rows, 1)


def _drop_old_runs() -> None:
    """Keep the latest runs' results of each suite, and their pages."""
    folders = ("validations", "data_docs/local_site/validations")
    for suite in chain(*((_home() / "uncommitted" / f).glob("*/*") for f in folders)):
        for old in sorted(suite.iterdir())[:-KEPT_RUNS]:
            shutil.rmtree(old)
