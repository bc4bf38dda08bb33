"""Templates from what users already have: tables, samples, schemas and topics. No I/O.

A reader makes a `Record` of each (`sampled_record.py`, `table_records.py`, `avro_record.py`,
`json_schema_record.py`, `protobuf_record.py`); `template_writer.py` writes it as a template.
"""
