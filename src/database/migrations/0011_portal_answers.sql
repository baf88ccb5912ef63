-- A call for the link is under way, or broken off without an answer: the portal may still do it, after an undo has read the
-- links. Of what was asked before this column came nobody knows.
alter table portal_intent add column unanswered boolean not null default true;
alter table portal_intent alter column unanswered set default false;
