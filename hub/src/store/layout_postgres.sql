-- How PostgreSQL lays out what is sealed: it cannot be compressed, and it is read and written whole, so rows of up
-- to a page stay in one piece instead of being cut up beside the table.
alter table inbox alter column content set storage external;
alter table inbox set (toast_tuple_target = 8160);
alter table person alter column matching set storage external;
alter table person alter column state set storage external;
alter table person set (toast_tuple_target = 8160);
alter table journal alter column events set storage external;
alter table journal set (toast_tuple_target = 8160);
alter table outbox alter column body set storage external;
alter table outbox set (toast_tuple_target = 8160);
-- What is rewritten in place, or comes and goes: with room on each page, and looked after early.
alter table person set (fillfactor = 80);
alter table message_key set (fillfactor = 90);
alter table pending set (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);
