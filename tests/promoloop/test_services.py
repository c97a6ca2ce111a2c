"""What the services are started with is in the project."""

from promoloop import services


def test_the_job_that_archives_sparks_classes_is_there():
    assert services.ARCHIVE_CLASSES.is_file()
