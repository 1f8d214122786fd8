"""What the library says while it works is printed, as the command line prints it."""

import logging

import pytest


class _Printing(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        print(record.getMessage())


@pytest.fixture(autouse=True, scope="session")
def _progress_is_printed() -> None:
    log = logging.getLogger("ganglion")
    log.setLevel(logging.INFO)
    log.addHandler(_Printing())
