-- The schema of both engines, version 1. Only three types, which SQLite and PostgreSQL both take:
-- `bytea` for ids, hashes and sealed values, `bigint` for numbers and for times as microseconds since
-- 1970, `text` for words, days (yyyy-mm-dd) and JSON without a personal value.

-- Every message the hub accepted: its only input. What the decider adds comes after `received_at`.
create table inbox (
  id bytea primary key,
  dedupe bytea not null unique,    -- HMAC of sender, source and the sender's own id
  body bytea not null,             -- HMAC of the body: the same id with another body is refused
  source text not null,
  sender text not null,
  content bytea not null,          -- sealed under the message's key
  key bytea not null,              -- the message's key, wrapped; by the person's key once `owner` is set
  owner bytea,
  received_at bigint not null,
  decided_order bigint unique,     -- its place in the order of decisions: 1, 2, 3 … without a gap
  known_at bigint,
  outcome text,                    -- decided, waiting, refused, quarantined
  detail text,
  decided_by bytea                 -- the message that brought a waiting record to its person
);
create index inbox_undecided on inbox (received_at, id) where decided_order is null;
create index inbox_open on inbox (outcome, received_at) where outcome <> 'decided';

-- Items that intake refused, sealed; they do not take their id, and go after 30 days.
create table refusal (
  id bytea primary key,
  source text not null,
  sender text not null,
  content bytea,
  key bytea,
  findings text not null,
  received_at bigint not null
);
create index refusal_received on refusal (received_at);

-- Persons as they are now: the fold of their journals.
create table person (
  id bytea primary key,
  redirect bytea,                  -- set on an absorbed person: his survivor, never another absorbed one
  version bigint not null,
  matching bytea not null,
  state bytea not null
);

-- Each person's key, wrapped by the key-encryption key. Without its row a person is unreadable.
create table key (
  id bytea primary key,
  wrapped bytea not null
);

-- What each message did to each person, in order; sealed under the message's key.
create table journal (
  person bytea not null,
  version bigint not null,
  message bytea not null,
  decided_order bigint not null,
  known_at bigint not null,
  heart text not null,
  bundle text not null,
  events bytea not null,
  primary key (person, version)
);

-- Whose a record is; nobody's while it waits.
create table record (
  id bytea primary key,
  person bytea
);

-- By which keys a record is found: HMACs under the index secret.
create table match_key (
  hash bytea not null,
  record bytea not null,
  primary key (hash, record)
);

-- Links that a human must decide.
create table review (
  id bytea primary key,
  person bytea not null,
  candidates text not null,
  reason text not null,
  raised_at bigint not null
);

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
create index handover_state on handover (state);

-- Repertory lines: which recipient holds a person, in which capacity, from when to when. An open line is
-- the gate before every delivery.
create table repertory (
  person bytea not null,
  recipient text not null,
  opened_order bigint not null,
  capacity text not null,
  opened_on text not null,
  closed_on text,
  primary key (person, recipient, opened_order, capacity)
);
create unique index repertory_open on repertory (person, recipient) where closed_on is null;

-- Whose streams.
create table stream (
  id bytea primary key,
  person bytea not null,
  recipient text not null
);

-- Requests that the hub makes of the outside; performed once `due_at` is empty.
create table task (
  id bytea primary key,
  person bytea not null,
  kind text not null,
  content bytea not null,
  decided_order bigint not null,
  due_at bigint,
  attempts bigint not null
);
create index task_due on task (due_at) where due_at is not null;

-- Records on their way out, sealed under the person's key.
create table outbox (
  position bigint primary key,
  recipient text not null,
  sequence bigint not null,
  person bytea not null,
  pseudonym bytea not null,
  envelope text not null,
  always bigint not null,          -- 1: passes a closed line
  body bytea not null,
  unique (recipient, sequence)
);

-- What was promised to each recipient; closed once it is proved to have arrived. Outlives the outbox.
create table ledger (
  recipient text not null,
  sequence bigint not null,
  payload_hash bytea not null,
  position bigint not null,
  closed_at bigint,
  primary key (recipient, sequence)
);
create index ledger_open on ledger (recipient, sequence) where closed_at is null;

-- Who may decide and who may relay. The fence rises with each holder; the counters are the holder's.
create table lease (
  name text primary key,
  owner text not null,
  fence bigint not null,
  until bigint not null,
  counters text not null
);
