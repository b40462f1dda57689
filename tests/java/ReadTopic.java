import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.cloudevents.CloudEvent;
import io.cloudevents.kafka.KafkaMessageFactory;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Reads topics as any agency could: Kafka's own client, Apache Avro, the reader of CloudEvents, nothing of ours.
 *
 * <p>{@code java -cp 'LIBS/*' ReadTopic.java BROKERS REGISTRY_URL COUNT TOPIC...}
 *
 * <p>Prints COUNT records as JSON lines {topic, key, headers, value, event}, commits what it read to the group
 * {@code TOPIC.java}, then ends. A void has a null value. Where KAFKA_USER is set, with KAFKA_PASSWORD and the authority in
 * the file KAFKA_CA, it signs in.
 */
public final class ReadTopic {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final Map<Integer, Schema> SCHEMAS = new HashMap<>();

  public static void main(String[] words) throws Exception {
    List<String> topics = List.of(words).subList(3, words.length);
    int left = Integer.parseInt(words[2]);
    Properties settings = new Properties();
    settings.put("bootstrap.servers", words[0]);
    settings.put("group.id", topics.get(0) + ".java");
    settings.put("isolation.level", "read_committed");
    settings.put("auto.offset.reset", "earliest");
    settings.put("enable.auto.commit", "false");
    String user = System.getenv("KAFKA_USER");
    if (user != null) {
      settings.put("security.protocol", "SASL_SSL");
      settings.put("sasl.mechanism", "SCRAM-SHA-512");
      String module = "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"%s\" password=\"%s\";";
      settings.put("sasl.jaas.config", module.formatted(user, System.getenv("KAFKA_PASSWORD")));
      settings.put("ssl.truststore.type", "PEM");
      settings.put("ssl.truststore.location", System.getenv("KAFKA_CA"));
    }
    try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
      consumer.subscribe(topics);
      for (int idle = 0; left > 0 && idle < 30; idle++) {
        for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
          System.out.println(JSON.writeValueAsString(read(record, words[1])));
          left -= 1;
          idle = 0;
        }
        consumer.commitSync();
      }
      // The end of the last transaction stands behind its last record, and is read with nothing in it.
      consumer.poll(Duration.ofMillis(200));
      consumer.commitSync();
    }
    if (left > 0) {
      throw new IOException(left + " records did not come");
    }
  }

  private static Map<String, Object> read(ConsumerRecord<String, byte[]> record, String registry) throws Exception {
    Map<String, String> headers = new TreeMap<>();
    record.headers().forEach(one -> headers.put(one.key(), new String(one.value(), StandardCharsets.UTF_8)));
    CloudEvent event = KafkaMessageFactory.createReader(record).toEvent();
    Map<String, Object> line = new TreeMap<>(Map.of("topic", record.topic(), "key", record.key(), "headers", headers));
    line.put("value", record.value() == null ? null : decode(record.value(), registry));
    line.put("event", List.of(event.getId(), event.getType(), String.valueOf(event.getExtension("sequence"))));
    return line;
  }

  /** A zero byte, the schema's id in four bytes, then the Avro. */
  private static JsonNode decode(byte[] framed, String registry) throws Exception {
    ByteBuffer frame = ByteBuffer.wrap(framed);
    if (frame.get() != 0) {
      throw new IOException("not framed");
    }
    int id = frame.getInt();
    if (!SCHEMAS.containsKey(id)) {
      HttpRequest ask = HttpRequest.newBuilder(URI.create(registry + "/schemas/ids/" + id)).build();
      String answer = HTTP.send(ask, HttpResponse.BodyHandlers.ofString()).body();
      SCHEMAS.put(id, new Schema.Parser().parse(JSON.readTree(answer).get("schema").asText()));
    }
    var avro = DecoderFactory.get().binaryDecoder(framed, frame.position(), frame.remaining(), null);
    // Avro prints a record as JSON.
    return JSON.readTree(new GenericDatumReader<>(SCHEMAS.get(id)).read(null, avro).toString());
  }
}
