-- Campaigns: many merges, for hours or days (campaigns.md §2). What becomes of a pair stands in its merge; here is only what
-- no merge can tell: the order, what a pair waits for, why it was set aside.

create table campaign (
  id bigint generated always as identity primary key,
  name text check (length(name) <= 200),
  on_date date not null,
  accept text[] not null default '{}',
  override text[] not null default '{}',
  -- batches at work at once
  lanes int not null check (lanes between 1 and 64),
  pace text not null check (pace in ('desk', 'full')),
  -- HH:MM-HH:MM in Europe/Brussels; null: at any hour
  hours text,
  -- it pauses after so many pairs of the list; null: it does not, or has done so
  first int check (first > 0),
  pairs int not null check (pairs >= 0),
  status text not null default 'running'
    check (status in ('running', 'pausing', 'paused', 'completed', 'cancelled', 'undoing', 'undone')),
  -- outside of its hours nothing is begun
  within_hours boolean not null default true,
  -- why it pauses: {"code", "details"}
  paused jsonb,
  -- the brake looks at what has come since: the last line of the tally when somebody went on after a look
  looked_at bigint not null default 0,
  by text not null,
  reason text check (length(reason) <= 200),
  workflow_id text,
  first_run_id text,
  -- the Temporal identity that started the workflow, beside what the caller says
  started_by text,
  created_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz
);

-- Who asked what of a campaign after it was started.
create table campaign_command (
  id bigint generated always as identity primary key,
  campaign bigint not null references campaign (id),
  command text not null check (command in ('pause', 'resume', 'cancel', 'set', 'retry', 'undo')),
  by text not null,
  reason text check (length(reason) <= 200),
  -- of which asking it is (the workflow and the update's id): recorded once, however often that is tried
  asked text,
  at timestamptz not null default clock_timestamp()
);
create unique index campaign_command_once on campaign_command (campaign, asked);

create table campaign_pair (
  -- no foreign key: a list of a million is written at once, and campaigns are never deleted
  campaign bigint not null,
  -- its place in the list, from 1
  n int not null,
  kept bigint not null,
  removed bigint not null,
  -- of the pair alone, beside the campaign's; null: none
  take text[],
  accept text[],
  override text[],
  -- the last earlier pair of either patron: this one is ready when both have ended
  before int,
  also_before int,
  -- later pairs wait for it, and have not been told that it has ended
  followed boolean not null default false,
  -- blocked: an earlier pair has not ended; ready; batched: what became of it says its merge, `new` until it is its turn;
  -- waiting: for an unfinished merge; set-aside: its merge fails, and is `new` again
  state text not null check (state in ('blocked', 'ready', 'batched', 'waiting', 'set-aside')),
  batch bigint,
  merge bigint,
  -- of waiting {"code", "details"}, a refusal that names the merge; of set-aside the failure
  why jsonb,
  -- how often a unique error came with the pair alone: the third time it is the pair's fault
  unique_errors smallint not null default 0,
  primary key (campaign, n)
);
create index campaign_pair_ready on campaign_pair (campaign, n) where state = 'ready';
create index campaign_pair_waiting on campaign_pair (campaign, n) where state = 'waiting';
create index campaign_pair_set_aside on campaign_pair (campaign, n) where state = 'set-aside';
create index campaign_pair_followed on campaign_pair (campaign, n) where followed and state in ('batched', 'set-aside');
create index campaign_pair_before on campaign_pair (campaign, before) where before is not null;
create index campaign_pair_also_before on campaign_pair (campaign, also_before) where also_before is not null;
create index campaign_pair_batch on campaign_pair (batch) where batch is not null;

-- The pairs that one activity merges: its id is all that a payload holds.
create table campaign_batch (
  id bigint generated always as identity primary key,
  campaign bigint not null references campaign (id),
  pairs int not null,
  made_at timestamptz not null default clock_timestamp(),
  -- its groups are done, or were stopped
  ended_at timestamptz,
  -- the portal has been tried for all of it
  tried_at timestamptz
);
create index campaign_batch_campaign on campaign_batch (campaign, id);

-- A line for every group: how many pairs ended, how many of them badly (set aside; a portal that refuses adds to it later).
-- The brake and the rate go by its last lines.
create table campaign_tally (
  id bigint generated always as identity primary key,
  campaign bigint not null,
  at timestamptz not null default clock_timestamp(),
  ended int not null,
  bad int not null
);
create index campaign_tally_campaign on campaign_tally (campaign, id);

alter table merge add column campaign bigint;
-- a campaign's merges that the portal has not ended with, and those that were undone: few beside all
create index merge_of_campaign_open on merge (campaign, id) where campaign is not null and portal in ('pending', 'waiting', 'refused', 'gave-up');

-- campaigns.md: what became of a pair.
create function pair_outcome(campaign_status text, state text, m merge) returns text
language sql immutable parallel safe as $$
  select case
    when state = 'set-aside' then 'set-aside'
    when m.status is null or m.status in ('new', 'abandoned') then
      case when campaign_status = 'cancelled' then 'not-run' when state = 'waiting' then 'waiting' else 'pending' end
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

grant select, insert, update on campaign, campaign_pair, campaign_batch, campaign_tally to ontdubbel_worker;
grant select, insert on campaign_command to ontdubbel_worker;
grant usage on all sequences in schema public to ontdubbel_worker;
-- a list ends by telling the planner how long it is
grant maintain on campaign_pair to ontdubbel_worker;
