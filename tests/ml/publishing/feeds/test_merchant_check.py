"""A feed that Merchant Center would refuse is refused here, with line, attribute and rule."""

import pytest

from ml.errors import ContractError
from ml.publishing.feeds.merchant import COLUMNS
from ml.publishing.feeds.merchant_check import check_feed

GOOD = {
    "promotion_id": "100-20171204-percent_off",
    "product_applicability": "specific_products",
    "offer_type": "no_code",
    "long_title": "20% off Tea",
    "promotion_effective_dates": "2017-12-04T00:00:00-05:00/2017-12-10T23:59:59-05:00",
    "redemption_channel": "in_store, online",
    "coupon_value_type": "percent_off",
    "percent_off": "20",
    "item_id": "100",
}


def feed(*lines):
    cells = [COLUMNS, *([line.get(name, "") for name in COLUMNS] for line in lines)]
    return "".join("\t".join(row) + "\n" for row in cells)


def refusal(text):
    """What the check says of a feed; nothing where it passes."""
    try:
        check_feed(text)
    except ContractError as error:
        return str(error)
    return ""


def test_a_line_as_specified_passes():
    second = GOOD | {"promotion_id": "2", "long_title": 'a "quoted" name'}

    assert refusal(feed(GOOD, second)) == ""
    assert "promotion_id" in refusal(feed(GOOD, second | {"promotion_id": ""}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"promotion_id": ""}, "promotion_id: Field required"),
        ({"promotion_id": "20% off"}, "promotion_id: String should match"),
        ({"promotion_id": "x" * 61}, "promotion_id: String should match"),
        ({"product_applicability": "some"}, "product_applicability: Input should be"),
        ({"offer_type": "code"}, "offer_type: Input should be"),
        ({"long_title": "x" * 61}, "long_title: String should have at most 60"),
        ({"promotion_effective_dates": "2017-12-04/2017-12-10"}, "with their UTC offset"),
        (
            {"promotion_effective_dates": "2017-12-04T00:00:00-05:00/2017-12-03T00:00:00-05:00"},
            "an end after the start",
        ),
        (
            {"promotion_effective_dates": "2017-12-04T00:00:00-05:00/2018-07-03T00:00:00-05:00"},
            "at most six months",
        ),
        ({"redemption_channel": "online, phone"}, "redemption_channel: Value error"),
        ({"coupon_value_type": "half_price"}, "coupon_value_type: String should match"),
        ({"percent_off": ""}, "percent_off needs \\['percent_off'\\]"),
        ({"percent_off": "0"}, "percent_off: Input should be greater"),
        ({"percent_off": "12.5"}, "percent_off: Input should be a valid integer"),
        ({"coupon_value_type": "money_off"}, "money_off needs \\['money_off_amount'\\]"),
        (
            {"coupon_value_type": "money_off", "money_off_amount": "$1.50"},
            "money_off_amount: String should match",
        ),
        (
            {"coupon_value_type": "money_off", "money_off_amount": "0.00 USD"},
            "expected an amount above 0",
        ),
        ({"coupon_value_type": "buy_m_get_n_percent_off"}, "'buy_this_quantity', 'get_this"),
        ({"coupon_value_type": "free_gift_with_item_id"}, "needs \\['free_gift_item_id'\\]"),
        ({"item_id": ""}, "specific_products needs item_id"),
    ],
)
def test_a_broken_attribute_is_named_with_its_line_rule_and_remedy(change, message):
    with pytest.raises(ContractError, match=rf"line 3, .*{message}.*plan that day again"):
        check_feed(feed(GOOD | {"promotion_id": "1"}, GOOD | change))


def test_an_id_that_is_there_twice_is_named():
    with pytest.raises(ContractError, match=r"line 3, promotion_id: '100-2017.*twice"):
        check_feed(feed(GOOD, GOOD))


def test_many_broken_lines_are_counted_not_all_listed():
    with pytest.raises(ContractError, match=r"line 6, .* and 3 more"):
        check_feed(feed(*[GOOD | {"promotion_id": f"{k}!"} for k in range(8)]))
