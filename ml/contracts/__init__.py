"""What each table holds: columns, types, keys, units and the shares of bad rows allowed.

One module a layer: `sources` (landed), `marts` (dbt to Python and Spark), `outputs`
(what the models and the plan write). `dbt_project` enforces the marts' columns and a
test holds both equal. Suites for Great Expectations are made from these in `suites`.
"""
