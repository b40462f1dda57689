"""Keeps a topic as a file of JSON lines, with the bytes of each value: what check_records.py reads. Stock confluent-kafka.

    keep_topic.py BROKERS TOPIC >> FILE

Prints what is there, and ends. Another run goes on where this one ended, for it commits behind what it wrote; what it
writes a second time after it was broken off is the same and does no harm.
"""

import base64
import json
import sys

from confluent_kafka import Consumer, KafkaException


def main(brokers, topic):
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": f"{topic}.kept",
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    consumer.subscribe([topic])
    kept = None
    # A void has no length, and would be false.
    while (record := consumer.poll(30.0)) is not None:
        if record.error():
            if record.error().name() == "_PARTITION_EOF":
                break
            raise KafkaException(record.error())
        line = {
            "topic": record.topic(),
            "key": record.key().decode(),
            "headers": {name: text.decode() for name, text in record.headers()},
            "value": None if record.value() is None else base64.b64encode(record.value()).decode(),
        }
        print(json.dumps(line), flush=True)
        kept = record
    if kept:
        consumer.commit(kept, asynchronous=False)
    consumer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
