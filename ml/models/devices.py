"""What a training runs on: processor, one GPU or several; the same seed gives the same weights."""

import logging

import keras
import tensorflow as tf

log = logging.getLogger(__name__)

THREADS = 2
SPLIT_OVER = "GPU"  # kind of device over which a batch is split


def prepare_tensorflow(seed: int) -> None:
    """Same data, same weights; two threads; half precision only where a GPU makes it pay.

    Determinism rules XLA out: Keras compiles nothing with it while ops must be deterministic.
    """
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    if tf.config.list_physical_devices("GPU"):
        keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        tf.config.threading.set_intra_op_parallelism_threads(THREADS)
        tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    except RuntimeError:  # already running, with the threads it has
        log.debug("TensorFlow has started: its threads stay as they are")


def strategy() -> tf.distribute.Strategy:
    """Every batch split over the GPUs where there are several, whole on one device elsewhere."""
    devices = tf.config.list_logical_devices(SPLIT_OVER)
    if len(devices) > 1:
        log.info("training on %d devices", len(devices))
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()
