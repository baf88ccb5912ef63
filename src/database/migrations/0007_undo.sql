-- Taking a merge back when it is done: who asked is in merge_command ('undo'); here is how far it is and what came of it.
create table undo (
  merge bigint primary key references merge (id),
  -- the workflow that does it, and the Temporal identity that started that; null in a group
  workflow_id text,
  first_run_id text,
  started_by text,
  asked_at timestamptz not null default clock_timestamp(),
  -- the end of the database part
  done_at timestamptz,
  -- rows that went back to the removed record, by the names of the steps' counts
  back jsonb not null default '{}',
  -- [{"code", "details"}]: what was not put back, what changed since, what came since and where it is
  told jsonb not null default '[]',
  -- [{"patron", "of", "from", "to", "rows"}]: who could see what of the other
  seen jsonb not null default '[]'
);
grant select, insert, update, delete on undo to ontdubbel_worker;

-- The old values of the ledger were stripped: the undo window is over.
alter table merge add column stripped_at timestamptz;

-- What an undo made of a link: it is back, or what has become of it since stands. Null while it was not undone.
alter table portal_intent add column reverted text check (reverted in ('restored', 'left'));
create index portal_intent_target on portal_intent (target) where reverted is null;
create index portal_intent_actor on portal_intent (actor_id) where reverted is null;

-- Contacts that somebody changed after a merge had moved them: an undo reports them. Steps do not write these columns.
create table edited_contact (
  contact bigint primary key,
  at timestamptz not null default clock_timestamp()
);
grant select, insert, update, delete on edited_contact to ontdubbel_worker;
create function note_edited_contact() returns trigger language plpgsql as $$
begin
  insert into edited_contact (contact) values (new.id) on conflict (contact) do update set at = excluded.at;
  return null;
end
$$;
create trigger edited after update of kind, value on contact for each row
  when (old.written_for is not null and (old.kind, old.value) is distinct from (new.kind, new.value))
  execute function note_edited_contact();

-- An undo whose database part is done is `undoing` until the portal has been tried; before that the portal's state is the merge's.
create or replace function merge_status(status text, attention jsonb, portal text) returns text
language sql immutable parallel safe as $$
  select case
    when status in ('refused', 'abandoned') then status
    when attention is not null then 'needs-attention'
    when status = 'undoing' then 'undoing'
    when portal in ('refused', 'gave-up') then 'needs-attention'
    when status = 'undone' and portal = 'waiting' then 'undo-waiting-for-portal'
    when status = 'undone' and portal = 'pending' then 'undoing'
    when status = 'undone' then 'undone'
    when status = 'retired' and portal = 'waiting' then 'waiting-for-portal'
    when status = 'retired' and portal = 'skipped' then 'portal-skipped'
    when status = 'retired' and portal = 'done' then 'completed'
    else 'running'
  end
$$;

-- As write_noted_again, and tells of each note whether it came back; the row's id as first written, null where it has none.
create function write_each_noted_again(merges bigint[]) returns table (merge bigint, tbl text, id text, library text, back boolean)
language plpgsql set timezone = 'UTC' as $$
declare
  n record;
  ours bigint[] := array(select unnest(array[m.kept, m.removed]) from merge m where m.id = any(merges));
begin
  for n in
    select r.*, m.id as merge from redirect_note r join merge m on m.kept = r.stood_on
    where m.id = any(merges) order by r.id
  loop
    delete from redirect_note r where r.id = n.id;
    merge := n.merge;
    tbl := n.tbl;
    id := n.was ->> 'id';
    library := n.was ->> 'library';
    back := false;
    begin
      if n.tbl = 'hold' then
        delete from hold h where h.id = n.row_id::bigint and h.patron = any(ours) and h.status = 'cancelled' and h.reason = 'duplicate-after-merge'
          and to_jsonb(h) - '{patron,written_for,status,reason}'::text[] = n.was - '{patron,written_for,status,reason}'::text[];
        if found then
          insert into hold (id, patron, library, title, placed_at, status, reason, card, written_for)
          select w.id, w.patron, w.library, w.title, w.placed_at, w.status, w.reason, w.card, w.written_for
          from jsonb_populate_record(null::hold, n.was) w;
          back := true;
        end if;
      elsif n.tbl = 'contact' then
        if n.row_id is not null then
          delete from contact c where c.id = n.row_id::bigint and c.patron = any(ours) and not c.is_primary
            and to_jsonb(c) - '{patron,written_for,is_primary,key}'::text[] = n.was - '{patron,written_for,is_primary,key}'::text[];
        end if;
        if n.row_id is null or found then
          insert into contact (id, patron, kind, value, copy, is_primary, written_for)
          select w.id, w.patron, w.kind, w.value, w.copy, w.is_primary, w.written_for
          from jsonb_populate_record(null::contact, n.was) w;
          back := true;
        end if;
      elsif n.tbl = 'history_preference' then
        insert into history_preference (patron, library, enabled, written_for)
        select w.patron, w.library, w.enabled, w.written_for from jsonb_populate_record(null::history_preference, n.was) w;
        back := true;
      end if;
    exception when unique_violation then
      back := false;
    end;
    return next;
  end loop;
end
$$;

-- What older workers call: one implementation of both.
create or replace function write_noted_again(merges bigint[]) returns int
language sql as $$
  select count(*) filter (where back)::int from write_each_noted_again(merges)
$$;

-- How many rows of each kind hang on a patron, by the names of the steps' counts.
create function rows_of(who bigint) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'loans', (select count(*) from loan where patron = who),
    'holds', (select count(*) from hold where patron = who),
    'loanHistory', (select count(*) from loan_history where patron = who),
    'charges', (select count(*) from charge where patron = who),
    'contacts', (select count(*) from contact where patron = who),
    'messages', (select count(*) from message where patron = who),
    'cards', (select count(*) from card where patron = who),
    'subscriptions', (select count(*) from subscription where patron = who),
    'preferences', (select count(*) from history_preference where patron = who))
$$;

-- Those with a date of their own that is this day or later; kinds of which there are none are left out.
create function rows_since(who bigint, day date) returns jsonb
language sql stable as $$
  select coalesce(jsonb_object_agg(kind, n) filter (where n > 0), '{}') from (values
    ('loans', (select count(*) from loan where patron = who and loaned_on >= day)),
    ('holds', (select count(*) from hold where patron = who and (placed_at at time zone 'Europe/Brussels')::date >= day)),
    ('loanHistory', (select count(*) from loan_history where patron = who and returned_on >= day)),
    ('charges', (select count(*) from charge where patron = who and charged_on >= day)),
    ('messages', (select count(*) from message where patron = who and (created_at at time zone 'Europe/Brussels')::date >= day))
  ) x (kind, n)
$$;
