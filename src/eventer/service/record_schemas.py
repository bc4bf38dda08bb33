"""The schemas of the records that a generator writes, as a schema registry has them."""

from __future__ import annotations

from eventer.core.model import GeneratorSpec, KafkaTarget


def record_schema_texts(spec: GeneratorSpec) -> dict[str, str]:
    """The schemas by subject; none if the formats need none."""
    schemas = spec.shape.schemas
    if schemas is None or not isinstance(spec.target, KafkaTarget):
        return {}
    from eventer.destinations.kafka.formats.subjects import schema_texts

    return schema_texts(spec.target, schemas)
