-- What an undo writes once more, and what it tells (domain.md "What an undo does"). Additive: what older workers call is there.

-- What of the merge needed attention before; given up, the undo leaves it as it was.
alter table undo add column attention_was jsonb;

-- What desks did with rows that a merge had moved: an undo reports it. Of the steps' own writes nothing is noted.
create table changed_row (
  id bigint generated always as identity primary key,
  tbl text not null check (tbl in ('hold', 'contact', 'subscription', 'history_preference')),
  -- of a preference its library
  row_id text not null,
  stood_on bigint not null,
  written_for bigint not null,
  gone boolean not null,
  -- a hold's placing, a subscription's first day: what came after the merge an undo need not tell; null where there is none
  began timestamptz,
  at timestamptz not null default clock_timestamp()
);
create index changed_row_stood_on on changed_row (stood_on);
grant select, insert, update, delete on changed_row to ontdubbel_worker;
grant usage on all sequences in schema public to ontdubbel_worker;

-- A desk may have a role of its own, with rights on the library's tables only.
create function note_changed_row() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  was jsonb := to_jsonb(old);
begin
  insert into changed_row (tbl, row_id, stood_on, written_for, gone, began)
  values (tg_table_name, coalesce(was ->> 'id', was ->> 'library'), old.patron, old.written_for, tg_op = 'DELETE',
    coalesce(was ->> 'placed_at', was ->> 'starts_on')::timestamptz);
  return null;
end
$$;
alter function note_edited_contact() security definer set search_path = public, pg_temp;
alter function note_redirect(text, text, bigint, bigint, jsonb) security definer set search_path = public, pg_temp;
-- A step's own writes are none of a desk's. Of contacts `marked` notes what `edited` does not: the mark that one lost or got.
do $$
declare
  t record;
begin
  for t in select * from (values
    ('hold', 'noted_gone after delete', 'note_changed_row', 'old.status <> ''cancelled'''),
    ('hold', 'noted_changed after update of status', 'note_changed_row', 'old.status <> ''cancelled'' and new.status = ''cancelled'''),
    ('subscription', 'noted_gone after delete', 'note_changed_row', 'true'),
    ('subscription', 'noted_changed after update of product, starts_on, ends_on, stopped_on', 'note_changed_row',
      '(old.product, old.starts_on, old.ends_on, old.stopped_on) is distinct from (new.product, new.starts_on, new.ends_on, new.stopped_on)'),
    ('history_preference', 'noted_gone after delete', 'note_changed_row', 'true'),
    ('history_preference', 'noted_changed after update of enabled', 'note_changed_row', 'old.enabled <> new.enabled'),
    ('contact', 'noted_gone after delete', 'note_changed_row', 'true'),
    ('contact', 'marked after update of is_primary', 'note_edited_contact', 'old.is_primary <> new.is_primary')
  ) x (tbl, trigger, fn, also)
  loop
    execute format('create trigger %s on %I for each row when (old.written_for is not null
      and current_setting(''ontdubbel.step'', true) is distinct from ''on'' and %s) execute function %I()', t.trigger, t.tbl, t.also, t.fn);
  end loop;
end
$$;

-- A visit of the removed record is noted, and passed on to the kept one: after an undo it is its own too, or it would be taken for
-- unused. Passed on after the statement, which may be about both.
create or replace function redirect_patron() returns trigger language plpgsql as $$
declare
  live bigint := live_patron(old.id);
begin
  if (to_jsonb(new) - 'last_activity_on') is distinct from (to_jsonb(old) - 'last_activity_on') then
    raise exception using errcode = 'OD004',
      message = format('patron %s was merged into %s: change patron %s instead', old.id, live, live);
  end if;
  if new.last_activity_on > coalesce(old.last_activity_on, '-infinity') then
    -- the latest is enough
    delete from redirect_note where tbl = 'patron' and stood_on = live and written_for = old.id
      and (was ->> 'last_activity_on')::date <= new.last_activity_on;
    if not exists (select from redirect_note where tbl = 'patron' and stood_on = live and written_for = old.id) then
      perform note_redirect('patron', null, old.id, live, jsonb_build_object('last_activity_on', new.last_activity_on));
    end if;
  end if;
  new.last_activity_on := old.last_activity_on;
  return new;
end
$$;
create function pass_visit_on() returns trigger language plpgsql as $$
declare
  live bigint := live_patron(new.id);
  visit date := (select max((was ->> 'last_activity_on')::date) from redirect_note where tbl = 'patron' and stood_on = live and written_for = new.id);
begin
  update patron set last_activity_on = visit where id = live and visit > coalesce(last_activity_on, '-infinity');
  return null;
end
$$;
create trigger visit_passed_on after update of last_activity_on on patron for each row
  when (new.merged_into is not null and current_setting('ontdubbel.step', true) is distinct from 'on')
  execute function pass_visit_on();

-- What the redirect noted of rows that stood on these merges' kept records is written once more as it was first written, and
-- what became of it is told: `back`; `out`, a rule forbids it by now (it stays as it was stored, or out); `changed`, a desk
-- changed it since and it stays so; `gone`, it is not theirs any more. Only what is still stamped for the record that it was
-- written for is touched: what a desk moved to somebody, back too, is his.
create function write_noted_once_more(merges bigint[])
returns table (merge bigint, tbl text, id text, library text, became text)
language plpgsql set timezone = 'UTC' as $$
declare
  n record;
  -- how it differs although nobody changed it
  ours constant text[] := '{patron,written_for,status,reason,is_primary,key}';
  found_row jsonb;
begin
  for n in
    select r.*, m.id as merge, m.kept, m.removed from redirect_note r join merge m on m.kept = r.stood_on
    where m.id = any(merges) order by r.id
  loop
    delete from redirect_note r where r.id = n.id;
    merge := n.merge;
    tbl := n.tbl;
    id := n.was ->> 'id';
    library := n.was ->> 'library';
    became := 'back';
    found_row := null;
    if n.tbl = 'hold' then
      select to_jsonb(h) into found_row from hold h
      where h.id = n.row_id::bigint and h.patron in (n.kept, n.removed)
        and coalesce(h.written_for, h.patron) in (n.written_for, (select coalesce(k.written_for, k.patron) from card k where k.number = h.card));
    elsif n.tbl = 'contact' and n.row_id is not null then
      select to_jsonb(c) into found_row from contact c
      where c.id = n.row_id::bigint and c.patron in (n.kept, n.removed) and coalesce(c.written_for, c.patron) = n.written_for;
    end if;
    if n.tbl = 'patron' then
      if live_patron(n.written_for) <> n.written_for then
        perform note_redirect('patron', null, n.written_for, n.removed, n.was);
      end if;
      update patron p set last_activity_on = greatest(p.last_activity_on, (n.was ->> 'last_activity_on')::date)
      where p.id = live_patron(n.written_for);
    elsif n.row_id is not null and found_row is null then
      became := 'gone';
    elsif n.row_id is not null and found_row - ours <> (n.was - ours) then
      became := 'changed';
    elsif n.tbl = 'hold' and (found_row ->> 'status') is not distinct from (n.was ->> 'status') then
      -- a desk has opened it again
      null;
    elsif n.tbl = 'hold' and (found_row ->> 'status', found_row ->> 'reason') is distinct from ('cancelled', 'duplicate-after-merge') then
      became := 'changed';
    elsif n.tbl = 'contact' and (found_row ->> 'is_primary')::boolean then
      -- a desk has given it its mark
      null;
    else
      begin
        -- where it stands where it was first written: a desk that waits for its row finds it
        if n.tbl = 'hold' and (n.was ->> 'patron')::bigint = n.removed then
          update hold h set status = n.was ->> 'status', reason = n.was ->> 'reason' where h.id = n.row_id::bigint;
        elsif n.tbl = 'contact' and n.row_id is not null and (n.was ->> 'patron')::bigint = n.removed then
          update contact c set is_primary = not exists (
            select from contact o where o.patron = c.patron and o.kind = c.kind and o.is_primary) where c.id = n.row_id::bigint;
        elsif n.tbl = 'hold' then
          delete from hold h where h.id = n.row_id::bigint;
          insert into hold (id, patron, library, title, placed_at, status, reason, card, written_for)
          select w.id, w.patron, w.library, w.title, w.placed_at, w.status, w.reason, w.card, w.written_for
          from jsonb_populate_record(null::hold, n.was) w;
        elsif n.tbl = 'contact' then
          if n.row_id is not null then
            delete from contact c where c.id = n.row_id::bigint;
          end if;
          insert into contact (id, patron, kind, value, copy, is_primary, written_for)
          select w.id, w.patron, w.kind, w.value, w.copy,
            w.is_primary and not exists (select from contact o where o.patron = w.patron and o.kind = w.kind and o.is_primary), w.written_for
          from jsonb_populate_record(null::contact, n.was) w;
        elsif n.tbl = 'history_preference' then
          insert into history_preference (patron, library, enabled, written_for)
          select w.patron, w.library, w.enabled, w.written_for from jsonb_populate_record(null::history_preference, n.was) w;
        end if;
      exception when unique_violation or foreign_key_violation then
        became := 'out';
      end;
    end if;
    return next;
  end loop;
end
$$;

-- What older workers call: one implementation of both.
create or replace function write_each_noted_again(merges bigint[])
returns table (merge bigint, tbl text, id text, library text, back boolean)
language sql as $$
  select w.merge, w.tbl, w.id, w.library, w.became <> 'out' from write_noted_once_more(merges) w
$$;

-- Those with a date of their own that is this day or later; kinds of which there are none are left out.
create or replace function rows_since(who bigint, day date) returns jsonb
language sql stable as $$
  select coalesce(jsonb_object_agg(kind, n) filter (where n > 0), '{}') from (values
    ('loans', (select count(*) from loan where patron = who and loaned_on >= day)),
    ('holds', (select count(*) from hold where patron = who and (placed_at at time zone 'Europe/Brussels')::date >= day)),
    ('loanHistory', (select count(*) from loan_history where patron = who and returned_on >= day)),
    ('charges', (select count(*) from charge where patron = who and charged_on >= day)),
    ('payments', (select count(*) from payment p join charge c on c.id = p.charge where c.patron = who and p.paid_on >= day)),
    ('messages', (select count(*) from message where patron = who and (created_at at time zone 'Europe/Brussels')::date >= day)),
    ('subscriptions', (select count(*) from subscription where patron = who and starts_on >= day))
  ) x (kind, n)
$$;
