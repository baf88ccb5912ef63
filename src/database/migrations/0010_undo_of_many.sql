-- Undo of many (campaigns.md §2): what was asked for, which merges that were then, and what became of each. That a merge is
-- undone, and what came of it, stands with the merge (undo, merge_command, the feed), as if it had been undone alone.

create table undo_many (
  id bigint generated always as identity primary key,
  -- all merges of this campaign; null: those that fit all of the following that are given
  campaign bigint references campaign (id),
  -- what the campaign was before, should nothing of it be undone
  campaign_was text,
  -- whoever asked for the merge, alone or in a campaign
  approved_by text,
  -- when the merge was made: from this moment on, and before that one
  from_at timestamptz,
  to_at timestamptz,
  check (campaign is not null or approved_by is not null or from_at is not null),
  merges int not null default 0 check (merges >= 0),
  status text not null default 'undoing' check (status in ('undoing', 'undone')),
  by text not null,
  reason text check (length(reason) <= 200),
  workflow_id text,
  first_run_id text,
  -- the Temporal identity that started the workflow, beside what the caller says
  started_by text,
  created_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz
);
-- a campaign is undone by one at a time
create unique index undo_many_of_campaign on undo_many (campaign) where status = 'undoing';
create index undo_many_campaign on undo_many (campaign, id) where campaign is not null;
create index undo_many_under_way on undo_many (id) where status = 'undoing';

-- The merges that were there when it was asked for, each once.
create table undo_many_merge (
  undo bigint not null,
  -- latest first, from 1
  n int not null,
  merge bigint not null,
  -- the one that must be undone first: the next later merge here with this one's kept record on either side. One is enough:
  -- that one is behind those that are later still
  behind int,
  -- pending: its turn is to come; refused and set-aside say why; of an undone one says its merge how far the portal is
  state text not null default 'pending' check (state in ('pending', 'undone', 'refused', 'set-aside')),
  batch bigint,
  -- {"code", "details"}
  why jsonb,
  -- how often a unique error came with the merge alone: the third time it is the merge's fault
  unique_errors smallint not null default 0,
  -- who was still at the portal for the merge when it was undone: its own workflow is told to stop before links are brought
  -- back; what the sweeper tried stays the sweeper's
  at_portal text check (at_portal in ('workflow', 'sweeper')),
  primary key (undo, n)
);
create unique index undo_many_merge_once on undo_many_merge (undo, merge);
create index undo_many_merge_pending on undo_many_merge (undo, n) where state = 'pending';
create index undo_many_merge_behind on undo_many_merge (undo, behind) where behind is not null;
create index undo_many_merge_batch on undo_many_merge (batch) where batch is not null;

-- The merges that one activity undoes: its id is all that a payload holds.
create table undo_many_batch (
  id bigint generated always as identity primary key,
  undo bigint not null references undo_many (id),
  made_at timestamptz not null default clock_timestamp(),
  -- its groups are done
  ended_at timestamptz,
  -- the portal has been tried for all of it
  tried_at timestamptz
);
create index undo_many_batch_undo on undo_many_batch (undo, id);

grant select, insert, update on undo_many, undo_many_merge, undo_many_batch to ontdubbel_worker;
grant usage on all sequences in schema public to ontdubbel_worker;
-- a selection ends by telling the planner how long it is
grant maintain on undo_many_merge to ontdubbel_worker;

-- As before; of a campaign that is undone the rest is not run either.
create or replace function pair_outcome(campaign_status text, state text, m merge) returns text
language sql immutable parallel safe as $$
  select case
    when state = 'set-aside' then 'set-aside'
    when m.status is null or m.status in ('new', 'abandoned') then
      case when campaign_status in ('cancelled', 'undoing', 'undone') then 'not-run' when state = 'waiting' then 'waiting' else 'pending' end
    when m.status = 'refused' then case when m.refusal ->> 'code' = 'needs-acceptance' then 'needs-acceptance' else 'refused' end
    when m.status = 'open' then 'running'
    when m.status = 'undone' then 'undone'
    when m.status = 'retired' and m.attention is not null then 'needs-attention'
    when m.portal = 'done' then 'completed'
    when m.portal = 'waiting' then 'waiting-for-portal'
    when m.portal = 'skipped' then 'portal-skipped'
    when m.portal in ('refused', 'gave-up') then 'needs-attention'
    else 'running'
  end
$$;
