"""The models in the registry: how a version of each is loaded, by the model's name."""

from collections.abc import Callable, Mapping

from ml import propensity
from ml.affinity import store
from ml.demand import network as demand
from ml.demand.network import loading as demand_loading
from ml.propensity import loading as propensity_loading

LOADERS: Mapping[str, Callable[[str], object]] = {
    demand.NAME: demand_loading.load,
    propensity.NAME: propensity_loading.load,
    store.NAME: store.load,
}
