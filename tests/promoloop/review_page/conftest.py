"""The small shop of the tests of `ml.promotions`, planned and proposed."""

from importlib.util import module_from_spec, spec_from_file_location

from ml.settings import PROJECT

spec = spec_from_file_location("small_shop", PROJECT / "tests/ml/promotions/conftest.py")
small_shop = module_from_spec(spec)
spec.loader.exec_module(small_shop)
plan_day = small_shop.plan_day
