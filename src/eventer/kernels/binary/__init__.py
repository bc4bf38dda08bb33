"""JSON texts of events to Avro's binary encoding."""
