"""The pages a user reads: listed once, linked right, and naming code that is there."""

import re
from collections import Counter
from pathlib import Path

import pytest

from ml.settings import PROJECT

DOCS = PROJECT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
READ = [*PAGES, *(PROJECT / at for at in ("README.md", "dags/README.md", "mlflow/README.md"))]
LONGEST = 100  # lines of a reference page: two screens
LISTS = {"data-contracts.md", "glossary.md"}  # to look something up in
LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FOLDERS = ("ml", "spark_jobs", "promoloop", "benchmarks", "dags", "tests", "dbt_project", "mlflow")


def named(page: Path) -> str:
    return page.relative_to(PROJECT).as_posix()


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def broken_links(page: Path) -> list[str]:
    broken = []
    for link in LINK.findall(page.read_text()):
        at, _, anchor = link.partition("#")
        to = (page.parent / at).resolve() if at else page
        if not to.exists() or (anchor and anchor not in anchors(to)):
            broken.append(link)
    return broken


def missing_code(page: Path) -> list[str]:
    """Paths and modules in code marks, and modules of commands, that do not exist."""
    text = page.read_text()
    marked = [mark.split()[0].rstrip("/") for mark in CODE.findall(text) if mark.split()]
    paths = [mark for mark in marked if mark.startswith(tuple(f"{top}/" for top in FOLDERS))]
    whole = [mark for mark in paths if re.fullmatch(r"[\w./-]+", mark)]
    gone = [path for path in whole if not _exists(PROJECT / path)]
    modules = re.findall(r"python -m ((?:ml|spark_jobs|promoloop|benchmarks)[\w.]*\w)", text)
    return gone + [name for name in modules if not _exists(PROJECT / name.replace(".", "/"))]


def _exists(path: Path) -> bool:
    return path.exists() or path.with_name(f"{path.name}.py").exists()


def test_the_index_lists_every_page_once():
    listed = Counter(LINK.findall((DOCS / "index.md").read_text()))
    pages = Counter(page.relative_to(DOCS).as_posix() for page in PAGES if page.name != "index.md")
    assert listed - Counter(["../README.md"]) == pages


@pytest.mark.parametrize("page", READ, ids=named)
def test_every_link_leads_somewhere(page):
    assert broken_links(page) == []


@pytest.mark.parametrize("page", READ, ids=named)
def test_every_path_and_module_named_is_there(page):
    assert missing_code(page) == []


@pytest.mark.parametrize("top", [*FOLDERS, "Makefile", "policy.yml", "assumptions.yml"])
def test_every_page_that_code_refers_to_is_there(top):
    at = PROJECT / top
    files = [at] if at.is_file() else [*at.rglob("*.py"), *at.rglob("*.yml"), *at.rglob("*.sql")]
    pages = {page for file in files for page in re.findall(r"docs/[\w/-]+\.md", file.read_text())}
    assert {page for page in pages if not (PROJECT / page).is_file()} == set()


def test_a_reference_page_has_at_most_two_screens():
    lengths = {
        page.name: len(page.read_text().splitlines())
        for page in DOCS.glob("*.md")
        if page.name not in LISTS
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_the_glossary_is_sorted_and_has_each_term_once():
    rows = re.findall(r"^\| ([^|]+?) \|", (DOCS / "glossary.md").read_text(), re.MULTILINE)
    terms = [term.lower() for term in rows if term not in {"term", "---"}]
    assert terms == sorted(set(terms))
