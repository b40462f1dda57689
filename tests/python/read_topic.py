"""Reads topics as any agency could: stock confluent-kafka with its Avro deserialiser, the reader of CloudEvents, nothing of ours.

    read_topic.py BROKERS REGISTRY_URL COUNT TOPIC...

Prints COUNT records as JSON lines {topic, key, headers, value, event}, then ends. A void has a null value. Where KAFKA_USER
is set, with KAFKA_PASSWORD and the authority in the file KAFKA_CA, it signs in.
"""

import json
import os
import sys

from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from confluent_kafka import Consumer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext


def signing_in():
    if "KAFKA_USER" not in os.environ:
        return {}
    return {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": os.environ["KAFKA_USER"],
        "sasl.password": os.environ["KAFKA_PASSWORD"],
        "ssl.ca.location": os.environ["KAFKA_CA"],
    }


def main(brokers, registry, count, *topics):
    decode = AvroDeserializer(SchemaRegistryClient({"url": registry}))
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": f"{topics[0]}.python",
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            **signing_in(),
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
        # It answers None for a void.
        value = decode(record.value(), SerializationContext(record.topic(), MessageField.VALUE))
        headers = dict(record.headers())
        event = from_binary_event(KafkaMessage(headers=headers, key=record.key(), value=record.value()))
        line = {
            "topic": record.topic(),
            "key": record.key().decode(),
            "headers": {name: text.decode() for name, text in headers.items()},
            "value": value,
            "event": [event.get_id(), event.get_type(), event.get_extension("sequence")],
        }
        print(json.dumps(line))
        left -= 1
    consumer.close()
    if left:
        sys.exit(f"{left} records did not come")


if __name__ == "__main__":
    main(*sys.argv[1:])
