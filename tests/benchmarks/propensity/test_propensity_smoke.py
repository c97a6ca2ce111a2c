"""The whole benchmark on the shop of three categories, in one pass of a small network."""

import json

import yaml
from propensity_shop import AS_OF, CATEGORIES, CUSTOMERS

from benchmarks.propensity import __main__ as benchmark
from ml.propensity.histories import HORIZONS
from ml.settings import settings


def test_every_method_is_judged_on_the_small_shop(shop, small, home, monkeypatch, capsys):
    shop()
    # baskets that reach back to months the network does not stop on: the peers learn from those
    quick = small.model_copy(update={"epochs": 1, "baskets": 24})
    (home / "small.yml").write_text(yaml.safe_dump(quick.model_dump()))
    monkeypatch.setenv("PROMOLOOP_PROPENSITY_PATH", str(home / "small.yml"))
    settings.cache_clear()
    monkeypatch.setattr("sys.argv", ["propensity", "--as-of", str(AS_OF)])

    benchmark.main()

    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (report["customers"], report["categories"]) == (CUSTOMERS, len(CATEGORIES))
    for days in HORIZONS:
        assert report[str(days)].keys() >= {"lstm", "own_rate", "popularity", "lightgbm"}
        assert report["rows"][str(days)] > 0
