// Reads topics as any agency could: stock kafkajs as it is installed, nothing added.
//
//     node read_topic.js BROKERS COUNT TOPIC...
//
// Prints COUNT records as JSON lines {topic, key, headers, value}, the value in hexadecimal digits, then ends. A void has a null value.

const { Kafka, logLevel } = require("kafkajs");

const [brokers, count, ...topics] = process.argv.slice(2);
const kafka = new Kafka({ clientId: "stock", brokers: brokers.split(","), logLevel: logLevel.ERROR });
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
      const value = message.value && message.value.toString("hex");
      process.stdout.write(`${JSON.stringify({ topic, key: `${message.key}`, headers, value })}\n`);
      left -= 1;
      if (left === 0) setImmediate(() => consumer.disconnect());
    },
  });
}

setTimeout(() => fail("the records did not come"), 45000).unref();
main().catch(fail);
