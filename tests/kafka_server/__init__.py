"""Apache Kafka for tests: one KRaft process on loopback, started from Maven's jars."""
