"""What an error of the server means for the flows of a shard."""

import pymysql
import pytest

from eventer.destinations.mysql.errors import ErrorCategory, classify_error


@pytest.mark.parametrize(
    ("error", "category"),
    [
        (pymysql.OperationalError(2013, "lost"), ErrorCategory.CONNECTION_LOST),
        (pymysql.OperationalError(1213, "deadlock"), ErrorCategory.CONNECTION_LOST),
        (pymysql.OperationalError(1305, "no savepoint"), ErrorCategory.CONNECTION_LOST),
        (OSError("broken pipe"), ErrorCategory.CONNECTION_LOST),
        (pymysql.OperationalError(1205, "lock timeout"), ErrorCategory.BUSY),
        (pymysql.ProgrammingError(1146, "no table"), ErrorCategory.SCHEMA_CHANGED),
        (pymysql.IntegrityError(1062, "duplicate"), ErrorCategory.ROW_REJECTED),
        (pymysql.OperationalError(4025, "check"), ErrorCategory.ROW_REJECTED),
        (pymysql.OperationalError(1142, "no right"), ErrorCategory.REJECTED),
    ],
)
def test_an_error_concerns_a_row_a_flow_or_all_flows(error, category):
    assert classify_error(error) is category
