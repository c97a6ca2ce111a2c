from ml.contracts import docs_page


def test_the_page_on_data_contracts_says_what_the_contracts_say():
    assert docs_page.PAGE.read_text(encoding="utf-8") == docs_page.page(), (
        "write it again: make contracts"
    )


def test_the_page_shows_a_columns_rules_and_a_tables_share():
    assert "| quantity | int64 | no | not above 0 | Items. |" in docs_page.page()
    assert "Required. Lands by sold_on; 3% of its rows may be bad." in docs_page.page()
    assert "| sold_on | date | no | not before the as-of date |" in docs_page.page()
