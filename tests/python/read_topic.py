"""Reads topics as any agency could: stock confluent-kafka, its stock Avro deserialiser, nothing of ours.

    read_topic.py BROKERS REGISTRY_URL COUNT TOPIC...

Prints COUNT records as JSON lines {topic, key, headers, value}, then ends. A void has a null value.
"""

import json
import sys

from confluent_kafka import DeserializingConsumer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import StringDeserializer


def main(brokers, registry, count, *topics):
    consumer = DeserializingConsumer(
        {
            "bootstrap.servers": brokers,
            "group.id": f"{topics[0]}.stock",
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "key.deserializer": StringDeserializer(),
            "value.deserializer": AvroDeserializer(SchemaRegistryClient({"url": registry})),
        }
    )
    consumer.subscribe(list(topics))
    left, idle = int(count), 0
    while left and idle < 30:
        record = consumer.poll(1.0)
        if record is None:
            idle += 1
            continue
        if record.error():
            sys.exit(str(record.error()))
        headers = {name: value.decode() for name, value in record.headers()}
        line = {"topic": record.topic(), "key": record.key(), "headers": headers, "value": record.value()}
        print(json.dumps(line))
        left -= 1
    consumer.close()
    if left:
        sys.exit(f"{left} records did not come")


if __name__ == "__main__":
    main(*sys.argv[1:])
