-- The schema of both engines, version 2: due moments, answered reviews, restrictions.

-- 1 while nothing but an end may leave about a person: a gate at send time, like the repertory.
alter table person add column restricted bigint not null default 0;

-- The next day on which something becomes true for a person without a message.
create table due (
  person bytea primary key,
  due_on text not null
);
create index due_on on due (due_on);

-- When and how a review was answered: `same`, `different`.
alter table review add column answered_at bigint;
alter table review add column answer text;
create index review_open on review (raised_at) where answered_at is null;

-- Whose journal goes on in another's.
create index person_redirect on person (redirect) where redirect is not null;
