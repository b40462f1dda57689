// Reads topics as any agency could: stock kafkajs and its schema registry as they are installed, the reader of CloudEvents,
// nothing of ours.
//
//     node read_topic.js BROKERS REGISTRY_URL COUNT TOPIC...
//
// Prints COUNT records as JSON lines {topic, key, headers, value, event}, then ends. A void has a null value. Where
// KAFKA_USER is set, with KAFKA_PASSWORD and the authority in the file KAFKA_CA, it signs in.

const fs = require("fs");
const { Kafka, logLevel } = require("kafkajs");
const { SchemaRegistry } = require("@kafkajs/confluent-schema-registry");
const events = require("cloudevents").Kafka;

const [brokers, host, count, ...topics] = process.argv.slice(2);
const { KAFKA_USER: username, KAFKA_PASSWORD: password, KAFKA_CA: ca } = process.env;
const signingIn = username && {
  ssl: { ca: [fs.readFileSync(ca)] },
  sasl: { mechanism: "scram-sha-512", username, password },
};
const kafka = new Kafka({ clientId: "stock", brokers: brokers.split(","), logLevel: logLevel.ERROR, ...signingIn });
const registry = new SchemaRegistry({ host });
const consumer = kafka.consumer({ groupId: `${topics[0]}.javascript` });

function fail(error) {
  process.stderr.write(`${error}\n`);
  process.exit(1);
}

async function main() {
  let left = Number(count);
  consumer.on(consumer.events.CRASH, ({ payload }) => fail(payload.error));
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ topic, message }) => {
      const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, `${value}`]));
      // Both throw on a void: the value is looked at first, and what a void has to say stands in its headers.
      let value = null;
      let event = [headers.ce_id, headers.ce_type, headers.ce_sequence];
      if (message.value !== null) {
        value = await registry.decode(message.value);
        const { id, type, sequence } = events.toEvent({ ...message, headers });
        event = [id, type, sequence];
      }
      const line = { topic, key: `${message.key}`, headers, value, event };
      process.stdout.write(`${JSON.stringify(line)}\n`);
      left -= 1;
      if (left === 0) setImmediate(() => consumer.disconnect());
    },
  });
}

setTimeout(() => fail("the records did not come"), 45000).unref();
main().catch(fail);
