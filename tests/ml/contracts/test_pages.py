from ml.contracts import pages


def test_the_page_on_data_contracts_says_what_the_contracts_say():
    assert pages.PAGE.read_text(encoding="utf-8") == pages.page(), "write it again: make contracts"


def test_the_page_shows_a_columns_rules_and_a_tables_share():
    assert "| quantity | int64 | no | not above 0 | Items. |" in pages.page()
    assert "Required. Lands by sold_on; 3% of its rows may be bad." in pages.page()
    assert "| sold_on | date | no | not before the as-of date |" in pages.page()
