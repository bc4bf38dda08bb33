"""The operations of events."""

from eventer.core.operations import read_operations
from eventer.testing.batches import batch_of


def test_an_operation_is_upsert_unless_it_is_delete():
    values = [{"op": "delete"}, {"op": "upsert"}, {"op": None}, {}, 5, {"op": "delete"}]
    operations = read_operations(batch_of(0, values), "op")
    assert operations.deletes.tolist() == [True, False, False, False, False, True]
    assert operations.faults == {}
    nested = read_operations(batch_of(0, [{"a": each} for each in values]), "/a/op")
    assert nested.deletes.tolist() == operations.deletes.tolist()


def test_other_values_are_faults():
    values = [{"op": op} for op in ("DELETE", "", 1, True, ["delete"], "x" * 200, "delete")]
    faults = read_operations(batch_of(3, values), "op").faults
    assert list(faults) == [0, 1, 2, 3, 4, 5]
    assert faults[0] == "the value at /op is not an operation: DELETE"
    assert faults[4] == 'the value at /op is not an operation: ["delete"]'
    assert len(faults[5]) < 130


def test_without_the_option_nothing_is_deleted():
    batch = batch_of(0, [{"op": "delete"}])
    assert not read_operations(batch, None).deletes.any()
