-- The targets with which the portal was asked for the link, unless it declined: a call that was broken off without an answer may
-- still be done, after others were made, or after an undo has read the links.
alter table portal_intent add column asked bigint[] not null default '{}';
update portal_intent set asked = array[target] where outcome is null;

-- An undo looks at all that was done with a link, by whichever merge.
create index portal_intent_link on portal_intent (account, library) where reverted is null;
