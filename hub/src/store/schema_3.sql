-- The schema of both engines, version 3: what the console counts and lists, each from an index alone.

-- With the source, so that no message is read to be counted; in the order in which they are grouped.
drop index inbox_undecided;
drop index inbox_open;
drop index refusal_received;
create index inbox_undecided on inbox (received_at, id, source) where decided_order is null;
create index inbox_open on inbox (outcome, source, received_at) where outcome <> 'decided';
create index inbox_flow on inbox (source, received_at);
create index refusal_received on refusal (received_at, source);

-- Handovers by state, by recipient, and in the order of their list: those without a deadline last.
drop index handover_state;
create index handover_state on handover (state, since);
create index handover_list on handover (coalesce(deadline, '9999-12-31'), id);
create index handover_recipient on handover (recipient, deadline);

-- What was sent about one person; what arrived lately at each recipient.
create index outbox_person on outbox (person);
create index ledger_closed on ledger (recipient, closed_at) where closed_at is not null;
