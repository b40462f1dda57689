-- The schema of both engines, version 1. Only three types, which SQLite and PostgreSQL both take:
-- `bytea` for ids, hashes and sealed values, `bigint` for numbers and for times as microseconds since
-- 1970, `text` for words, days (yyyy-mm-dd) and JSON without a personal value.

-- Every message the hub accepted: its only input. Inserted once, never updated.
create table inbox (
  id bytea primary key,            -- ordered by the time of its making
  dedupe bytea not null,           -- HMAC of sender, source and the sender's own id
  try bigint not null,             -- 1, 2, 3 …: one that was decided and refused frees the next
  body bytea not null,             -- HMAC of the body: the same id with another body is refused
  source text not null,
  sender text not null,
  content bytea not null,          -- compressed, then sealed under the message's key
  received_at bigint not null,
  read_from bytea,                 -- HMAC of its place on a topic, where it came by Kafka: read once more it is no other try
  unique (dedupe, try)
);
create unique index inbox_read_from on inbox (read_from) where read_from is not null;
create index inbox_flow on inbox (source, received_at);

-- The queue: messages without a decision. The commit that decides one deletes its row.
create table pending (
  message bytea primary key,
  key bytea not null               -- the message's key, wrapped by the key-encryption key
);

-- The key of each decided message: wrapped by its owner's key, or by the key-encryption key while it has none.
create table message_key (
  message bytea primary key,
  owner bytea,
  key bytea not null
);
create index message_key_owner on message_key (owner) where owner is not null;

-- What became of each message. The highest n holds: waiting, then decided by the message that brought its person;
-- quarantined, then whatever it comes to when it is decided again, or closed by hand.
create table decision (
  message bytea not null,
  n bigint not null,
  decided_order bigint not null,   -- its place in the order of decisions: 1, 2, 3 … without a gap; a closed one shares that
                                   -- of the decision that put it aside
  known_at bigint not null,
  outcome text not null,           -- decided, waiting, refused, quarantined, closed
  detail text,                     -- why it was refused or put aside, as JSON
  decided_by bytea,                -- the message that brought a waiting record to its person, whose order it shares
  primary key (message, n)
);
create unique index decision_order on decision (decided_order) where decided_by is null and outcome <> 'closed';
create index decision_open on decision (outcome, message) where outcome in ('refused', 'quarantined');

-- What was done by hand about messages that were put aside: for each decision that put one aside, one thing.
create table quarantine (
  message bytea not null,
  n bigint not null,               -- the decision
  act bytea not null,
  primary key (message, n)
);

-- Who did that, when and why: one row for all messages that it was done about; or who had a topic begin again.
create table act (
  id bytea primary key,
  what text not null,              -- repeat, close; restart
  actor text not null,
  at bigint not null,
  reason bytea not null,           -- sealed: free words may name a person
  key bytea not null               -- its key, wrapped by the key-encryption key
);

-- Items that intake refused; they do not take their id, and go after 30 days.
create table refusal (
  id bytea primary key,
  source text not null,
  sender text not null,
  content bytea,                   -- the stripped item, sealed; nothing where its bytes could not be read
  findings bytea not null,         -- sealed: places may name fields that only the sender knows
  key bytea not null,              -- the key of both, wrapped by the key-encryption key
  received_at bigint not null,
  dedupe bytea,                    -- as in `inbox`, where the item had an id beside what it says: on Kafka
  read_from bytea                  -- as in `inbox`
);
create index refusal_received on refusal (received_at, source);
create index refusal_dedupe on refusal (dedupe) where dedupe is not null;
create unique index refusal_read_from on refusal (read_from) where read_from is not null;

-- Persons as they are now: the fold of their journals, sealed under the person's key.
create table person (
  id bytea primary key,
  redirect bytea,                  -- set on an absorbed person: the survivor, never another absorbed one
  version bigint not null,
  restricted bigint not null,      -- 1 while nothing but an end and their own status may leave about the person: a gate at send time
  waits_since bigint,              -- since when a first load of theirs waits for its approval
  matching bytea not null,
  state bytea not null
);
create index person_waits on person (waits_since) where waits_since is not null;
create index person_redirect on person (redirect) where redirect is not null;

-- Whom a split made of somebody: what stands under the old id is history of both. Whoever erases one of them destroys the
-- key of that as well, and leaves the other's own.
create table origin (
  person bytea not null,
  whole bytea not null,            -- whom both were taken for
  primary key (person, whole)
);
create index origin_whole on origin (whole);

-- Each person's key, wrapped by the key-encryption key. Without its row the person is unreadable.
create table key (
  id bytea primary key,
  wrapped bytea not null
);

-- The key-encryption keys that were used: how many keys each may have wrapped, reserved in blocks.
create table wrapping (
  key bytea primary key,           -- its id
  reserved bigint not null
);

-- The rules that decisions rested on: the heart's version and the bundle's hash, by a number of their own.
create table bundle (
  number bigint primary key,
  heart text not null,
  hash text not null
);

-- What each message did to each person, in order; sealed under the key of the person it is about.
create table journal (
  person bytea not null,
  version bigint not null,
  message bytea not null,
  decided_order bigint not null,
  known_at bigint not null,
  bundle bigint not null,
  events bytea not null,
  primary key (person, version)
);

-- Whose a record is; nobody's while it waits.
create table record (
  id bytea primary key,
  person bytea,
  keys bytea not null              -- the HMACs of its keys, one after the other, or sealed under a cover: the way from a record to `match_key`
);
create index record_waiting on record (id) where person is null;

-- By which keys a record is found: HMACs under the index secret, or HMACs of these under a cover.
create table match_key (
  hash bytea not null,
  record bytea not null,
  primary key (hash, record)
);

-- Links that a human must decide, and when and how each was answered: `same`, `different`; `void` where it became clear by
-- itself. `cannot_tell` stays open, and so does whom somebody said it is while a second must say so too.
create table review (
  id bytea primary key,
  person bytea not null,
  reason text not null,
  raised_at bigint not null,
  answered_at bigint,
  answer text,
  proposed bytea,                  -- the person whom somebody said it is
  proposed_by text                 -- who: a colleague's handle
);
create index review_open on review (raised_at) where answered_at is null;
create index review_person on review (person);

-- The persons that a review is about, beside the one it was raised for.
create table candidate (
  review bytea not null,
  person bytea not null,
  primary key (review, person)
);
create index candidate_person on candidate (person);

-- Handovers as they are now, for lists and clocks.
create table handover (
  id bytea primary key,
  person bytea not null,
  recipient text,
  state text not null,
  epoch bigint not null,
  owner text not null,
  deadline text,
  since bigint not null
);
create index handover_person on handover (person);
create index handover_state on handover (state, since);
-- In the order of their list: those without a deadline last.
create index handover_list on handover (coalesce(deadline, '9999-12-31'), id);
create index handover_recipient on handover (recipient, deadline);

-- The next day on which something becomes true for a person without a message.
create table due (
  person bytea primary key,
  due_on text not null
);
create index due_on on due (due_on);

-- Repertory lines: which recipient holds a person, in which capacity, from when to when. An open line is
-- the gate before every delivery.
create table repertory (
  stream bytea not null,
  person bytea not null,           -- whose it was when it was opened
  recipient text not null,
  opened_order bigint not null,
  capacity text not null,
  opened_on text not null,
  closed_on text,
  primary key (stream, opened_order, capacity)
);
create unique index repertory_open on repertory (stream) where closed_on is null;

-- Whose streams.
create table stream (
  id bytea primary key,
  person bytea not null,
  recipient text not null
);
create index stream_person on stream (person);

-- Requests that the hub makes of the outside; performed once `due_at` is empty.
create table task (
  id bytea primary key,
  person bytea not null,
  kind text not null,
  content bytea not null,          -- sealed under the person's key
  decided_order bigint not null,
  due_at bigint,
  attempts bigint not null
);
create index task_due on task (due_at) where due_at is not null;
create index task_person on task (person);

-- Records on their way out, sealed under the person's key.
create table outbox (
  position bigint primary key,
  recipient text not null,
  sequence bigint not null,
  person bytea not null,
  pseudonym bytea not null,
  stream bytea not null,           -- whose line lets it pass
  delivery bytea not null unique,  -- its CloudEvents id
  envelope text not null,
  always bigint not null,          -- 1: passes a closed line
  schema_id bigint not null,       -- what its body is written in
  body bytea not null,
  unique (recipient, sequence)
);
create index outbox_person on outbox (person);

-- What each schema id stands for: stored with the first record under it, never changed, never given again.
create table sent_schema (
  id bigint primary key,
  recipient text not null,
  schema text not null             -- as JSON
);

-- What was promised to each recipient; closed once it is proved to have arrived, or cannot be proved any more. Outlives the
-- outbox.
create table ledger (
  recipient text not null,
  sequence bigint not null,
  payload_hash bytea not null,
  handover bytea,                  -- what an answer may quote it for; none before arrival
  epoch bigint not null,
  position bigint not null,
  closed_at bigint,
  closed_by text,                  -- what proved it: topic (read back), feed, word (somebody's); expired: nothing did
  primary key (recipient, sequence)
);
create index ledger_open on ledger (recipient, sequence) where closed_at is null;
create index ledger_closed on ledger (recipient, closed_at) where closed_at is not null;

-- Orders to go on with a topic after a number, given by hand about one that lost what was sent to it; gone once the
-- recipient's lane has begun there.
create table restart (
  recipient text primary key,
  base bigint not null,            -- the number
  act bytea not null
);

-- What stops the delivery to a recipient, as the relay or the auditor found it; gone once it goes on. In words without a
-- personal value.
create table halt (
  recipient text not null,
  part text not null,              -- relay, auditor
  code text not null,
  detail text not null,
  since bigint not null,
  primary key (recipient, part)
);

-- Agencies that leave offers unanswered: one row an outage, so that it is told once; gone once nothing is overdue any more.
create table alert (
  recipient text primary key,
  id bytea not null,               -- by which whoever is told knows a double
  since bigint not null,           -- the first overdue offer
  due_at bigint,                   -- when it is told, or told again; nothing once it was taken
  attempts bigint not null,
  trouble text                     -- why it was not taken the last time; no address
);

-- Who may decide and who may relay. The fence rises with each holder; the counters are the holder's.
create table lease (
  name text primary key,
  owner text not null,
  fence bigint not null,
  until bigint not null,
  counters text not null
);

-- What the hub that runs goes by, as its last start wrote it: who may do something by hand, and its bundle. Commands are
-- held to it, whatever folder they name.
create table in_force (
  name text primary key,           -- people, bundle
  value text not null,
  seal bytea not null              -- HMAC of both: a row of other hands is known
);

-- What people did by hand, and what they were refused: written before it is done, never changed. No personal value.
create table audit (
  n bigint primary key,            -- 1, 2, 3 … without a gap
  at bigint not null,
  actor text not null,             -- a colleague's handle
  roles text not null,             -- the roles they had then
  action text not null,
  about text not null,             -- an opaque id
  why text not null,               -- a word of a closed list
  allowed bigint not null,         -- 0: refused
  seal bytea not null              -- HMAC of this row and of the seal before it
);
