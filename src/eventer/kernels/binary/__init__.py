"""JSON texts of events to binary encodings: Avro's and that of Protocol Buffers."""
