-- Late writes follow a merge. From the commit that sets merged_into on, whatever is written for the removed record is
-- stored for the kept one, stamped written_for, by the rules of the merge; the desk gets no error for what it could not
-- know. What was altered or left out on the way is noted, so that an undo can write it once more as it was.
--
-- SQLSTATEs of our own: OD001 the merge is not open, OD002 a removed record holds something, OD003 merged in a circle,
-- OD004 a removed record's own details were to be changed.

-- The records from `start` to the one at the end of its chain, each locked, so that a merge under way is waited for.
create function chain_of(start bigint) returns bigint[]
language plpgsql as $$
declare
  chain bigint[] := array[start];
  current bigint := start;
begin
  loop
    select merged_into into current from patron where id = current for key share;
    exit when current is null;
    chain := chain || current;
  end loop;
  return chain;
end
$$;

-- The record at the end of the chain, without a lock: for questions. Null where `start` does not exist.
create function live_patron(start bigint) returns bigint
language plpgsql stable as $$
declare
  current bigint := start;
  following bigint;
begin
  loop
    select merged_into into following from patron where id = current;
    if not found then
      return null;
    end if;
    exit when following is null;
    current := following;
  end loop;
  return current;
end
$$;

-- What is made with a card that came with a removed record goes back with that record.
-- Its patron is locked, so that an undo under way is waited for. `written` is the patron whom the desk named: a card of
-- one that was merged into him says more than he does.
create function stamp_of_card(card_number text, written bigint, live bigint) returns bigint
language plpgsql as $$
declare
  stamp bigint := (
    select case when c.patron = live then c.written_for else coalesce(c.written_for, c.patron) end
    from card c where c.number = card_number);
  chain bigint[];
begin
  if stamp is null then
    return null;
  end if;
  chain := chain_of(stamp);
  return case when written = any(chain) and live = any(chain) and stamp <> live then stamp end;
end
$$;

create function note_redirect(tbl text, row_id text, written_for bigint, stood_on bigint, was jsonb) returns void
language sql as $$
  insert into redirect_note (tbl, row_id, written_for, stood_on, was) values (tbl, row_id, written_for, stood_on, was)
$$;

-- card, subscription, charge, message: nothing of theirs can collide
create function redirect_plain() returns trigger language plpgsql as $$
declare
  chain bigint[] := chain_of(new.patron);
begin
  if tg_op = 'UPDATE' then
    new.written_for := null;
  end if;
  if cardinality(chain) > 1 then
    new.written_for := coalesce(new.written_for, new.patron);
    new.patron := chain[cardinality(chain)];
  end if;
  return new;
end
$$;

create function redirect_loan() returns trigger language plpgsql as $$
declare
  chain bigint[] := chain_of(new.patron);
begin
  if tg_op = 'UPDATE' then
    new.written_for := null;
  elsif new.written_for is null and new.card is not null then
    new.written_for := stamp_of_card(new.card, new.patron, chain[cardinality(chain)]);
  end if;
  if cardinality(chain) > 1 then
    new.written_for := coalesce(new.written_for, new.patron);
    new.patron := chain[cardinality(chain)];
  end if;
  return new;
end
$$;

-- R3: where the merge erased the history of a library, what comes late is left out too
create function redirect_loan_history() returns trigger language plpgsql as $$
declare
  chain bigint[] := chain_of(new.patron);
begin
  if tg_op = 'UPDATE' then
    new.written_for := null;
  elsif new.written_for is null and new.card is not null then
    new.written_for := stamp_of_card(new.card, new.patron, chain[cardinality(chain)]);
  end if;
  if cardinality(chain) > 1 then
    if exists (select from merge where removed = any(chain) and status in ('open', 'retired', 'undoing')
        and kept = any(chain) and new.library = any(history_off))
    then
      if tg_op = 'UPDATE' then
        delete from loan_history where id = old.id;
      end if;
      return null;
    end if;
    new.written_for := coalesce(new.written_for, new.patron);
    new.patron := chain[cardinality(chain)];
  end if;
  return new;
end
$$;

-- R2: a second open hold is stored cancelled; the newcomer yields, whatever its placed_at
create function redirect_hold() returns trigger language plpgsql set timezone = 'UTC' as $$
declare
  chain bigint[] := chain_of(new.patron);
  live bigint := chain[cardinality(chain)];
  first_written jsonb;
begin
  if tg_op = 'UPDATE' then
    new.written_for := null;
  end if;
  first_written := to_jsonb(new);
  if tg_op = 'INSERT' and new.written_for is null and new.card is not null then
    new.written_for := stamp_of_card(new.card, new.patron, live);
  end if;
  if cardinality(chain) > 1 then
    new.written_for := coalesce(new.written_for, new.patron);
    new.patron := live;
    if new.status <> 'cancelled' and exists (select from hold where patron = any(chain) and library = new.library
        and title = new.title and status <> 'cancelled' and id <> new.id)
    then
      new.status := 'cancelled';
      new.reason := 'duplicate-after-merge';
      perform note_redirect('hold', new.id::text, chain[1], live, first_written);
    end if;
  end if;
  return new;
end
$$;

-- R6: a known contact is not doubled, a second primary is stored as not primary
create function redirect_contact() returns trigger language plpgsql as $$
declare
  chain bigint[] := chain_of(new.patron);
  live bigint := chain[cardinality(chain)];
  first_written jsonb;
begin
  if tg_op = 'UPDATE' then
    new.written_for := null;
  end if;
  if cardinality(chain) > 1 then
    first_written := to_jsonb(new) - 'key';
    if exists (select from contact where patron = any(chain) and key = contact_key(new.kind, new.value) and id <> new.id) then
      perform note_redirect('contact', null, chain[1], live, first_written);
      if tg_op = 'UPDATE' then
        delete from contact where id = old.id;
      end if;
      return null;
    end if;
    new.written_for := coalesce(new.written_for, new.patron);
    new.patron := live;
    if new.is_primary and exists (select from contact where patron = any(chain) and kind = new.kind and is_primary
        and id <> new.id)
    then
      new.is_primary := false;
      perform note_redirect('contact', new.id::text, chain[1], live, first_written);
    end if;
  end if;
  return new;
end
$$;

-- R3: where the kept record has a preference, that one holds
create function redirect_history_preference() returns trigger language plpgsql as $$
declare
  chain bigint[] := chain_of(new.patron);
  live bigint := chain[cardinality(chain)];
begin
  if tg_op = 'UPDATE' then
    new.written_for := null;
  end if;
  if cardinality(chain) > 1 then
    if exists (select from history_preference where patron = any(chain) and library = new.library
        and (tg_op = 'INSERT' or patron <> old.patron))
    then
      perform note_redirect('history_preference', null, chain[1], live, to_jsonb(new));
      if tg_op = 'UPDATE' then
        delete from history_preference where patron = old.patron and library = old.library;
      end if;
      return null;
    end if;
    new.written_for := coalesce(new.written_for, new.patron);
    new.patron := live;
  end if;
  return new;
end
$$;

-- Two triggers a table. On insert always, but for an import, which writes only for patrons that it has just made (a third of
-- its time went into asking); on a change of patron only when it is not a step that changes it (a trigger that
-- fires for the steps' own updates costs a fifth of their throughput).
do $$
declare
  tbl text;
  fn text;
begin
  foreach tbl in array array['card', 'subscription', 'charge', 'message', 'loan', 'loan_history', 'hold', 'contact',
    'history_preference']
  loop
    fn := case when tbl in ('card', 'subscription', 'charge', 'message') then 'redirect_plain' else 'redirect_' || tbl end;
    execute format('create trigger redirect_inserted before insert on %I for each row
      when (current_setting(''ontdubbel.import'', true) is distinct from ''on'') execute function %I()', tbl, fn);
    execute format('create trigger redirect_moved before update of patron on %I for each row
      when (new.patron is distinct from old.patron and current_setting(''ontdubbel.step'', true) is distinct from ''on'')
      execute function %I()', tbl, fn);
  end loop;
end
$$;

-- On a removed record's own row, the last activity is passed on (the later one wins), all else is refused.
create function redirect_patron() returns trigger language plpgsql as $$
declare
  live bigint := live_patron(old.id);
begin
  if (to_jsonb(new) - 'last_activity_on') is distinct from (to_jsonb(old) - 'last_activity_on') then
    raise exception using errcode = 'OD004',
      message = format('patron %s was merged into %s: change patron %s instead', old.id, live, live);
  end if;
  update patron set last_activity_on = greatest(last_activity_on, new.last_activity_on)
  where id = live and last_activity_on is distinct from greatest(last_activity_on, new.last_activity_on);
  new.last_activity_on := old.last_activity_on;
  return new;
end
$$;
create trigger redirect_changed before update on patron for each row
  when (old.merged_into is not null and current_setting('ontdubbel.step', true) is distinct from 'on')
  execute function redirect_patron();

-- merged_into never leads in a circle. The rows on the way are locked: two merges in opposite directions wait for each
-- other here.
create function no_circle() returns trigger language plpgsql as $$
declare
  current bigint := new.merged_into;
begin
  while current is not null loop
    if current = new.id then
      raise exception using errcode = 'OD003', message = format('patron %s would be merged into itself', new.id);
    end if;
    select merged_into into current from patron where id = current for no key update;
  end loop;
  return new;
end
$$;
create trigger no_circle before insert or update of merged_into on patron for each row
  when (new.merged_into is not null) execute function no_circle();

-- R12: a retired record holds nothing. What is written for it later is redirected, so this need look only once.
create function retired_holds_nothing() returns trigger language plpgsql as $$
declare
  tbl text := case
    when exists (select from card where patron = new.id) then 'card'
    when exists (select from subscription where patron = new.id) then 'subscription'
    when exists (select from history_preference where patron = new.id) then 'history_preference'
    when exists (select from loan where patron = new.id) then 'loan'
    when exists (select from loan_history where patron = new.id) then 'loan_history'
    when exists (select from hold where patron = new.id) then 'hold'
    when exists (select from charge where patron = new.id) then 'charge'
    when exists (select from message where patron = new.id) then 'message'
    when exists (select from contact where patron = new.id) then 'contact'
  end;
begin
  if tbl is not null then
    raise exception using errcode = 'OD002', message = format('patron %s still has rows in %s', new.id, tbl);
  end if;
  return new;
end
$$;
create trigger retired_holds_nothing before insert or update of retired_at on patron for each row
  when (new.retired_at is not null) execute function retired_holds_nothing();

-- How desks return a loan: the loan goes, and its history (card and stamp carried along) is kept where the patron's
-- preference at that library is on. False where there is no such loan.
create function return_loan(loan_id bigint, returned date) returns boolean
language plpgsql as $$
declare
  l loan;
  live bigint;
  history_id bigint := loan_id;
begin
  delete from loan where id = loan_id returning * into l;
  if not found then
    return false;
  end if;
  live := live_patron(l.patron);
  -- while a merge is under way a preference that will move may still stand on the removed record
  if coalesce(
    (select enabled from history_preference where patron = live and library = l.library),
    (select h.enabled from patron r join merge m on m.id = r.merging join history_preference h on h.patron = r.id
      where r.merged_into = live and h.library = l.library and h.library <> all(m.both_registered)),
    false)
  then
    -- under the loan's id where no history entry has it (they are numbered apart), else under the next free one
    loop
      begin
        insert into loan_history (id, patron, library, item, title, loaned_on, returned_on, card, written_for)
        values (history_id, l.patron, l.library, l.item, l.title, l.loaned_on, returned, l.card, l.written_for);
        exit;
      exception when unique_violation then
        history_id := greatest(history_id, (select max(id) from loan_history)) + 1;
      end;
    end loop;
  end if;
  return true;
end
$$;

-- The reverse of the redirect: what was noted of rows that stood on these patrons is written once more as it was first
-- written, under its own id, so that the redirect of whatever else is merged does its work again. A row that somebody
-- changed since stays as it is; one that a rule forbids by now stays as it was stored (or out). Gives how many came back.
create function write_noted_again(merges bigint[]) returns int
language plpgsql set timezone = 'UTC' as $$
declare
  n redirect_note;
  back int := 0;
  stood bigint[] := array(select kept from merge where id = any(merges));
  ours bigint[] := stood || array(select removed from merge where id = any(merges));
begin
  for n in select * from redirect_note where stood_on = any(stood) order by id loop
    delete from redirect_note where id = n.id;
    begin
      if n.tbl = 'hold' then
        delete from hold h where h.id = n.row_id::bigint and h.patron = any(ours) and h.status = 'cancelled' and h.reason = 'duplicate-after-merge'
          and to_jsonb(h) - '{patron,written_for,status,reason}'::text[] = n.was - '{patron,written_for,status,reason}'::text[];
        if found then
          insert into hold (id, patron, library, title, placed_at, status, reason, card, written_for)
          select id, patron, library, title, placed_at, status, reason, card, written_for from jsonb_populate_record(null::hold, n.was);
          back := back + 1;
        end if;
      elsif n.tbl = 'contact' then
        if n.row_id is not null then
          delete from contact c where c.id = n.row_id::bigint and c.patron = any(ours) and not c.is_primary
            and to_jsonb(c) - '{patron,written_for,is_primary,key}'::text[] = n.was - '{patron,written_for,is_primary,key}'::text[];
        end if;
        if n.row_id is null or found then
          insert into contact (id, patron, kind, value, copy, is_primary, written_for)
          select id, patron, kind, value, copy, is_primary, written_for from jsonb_populate_record(null::contact, n.was);
          back := back + 1;
        end if;
      elsif n.tbl = 'history_preference' then
        insert into history_preference (patron, library, enabled, written_for)
        select patron, library, enabled, written_for from jsonb_populate_record(null::history_preference, n.was);
        back := back + 1;
      end if;
    exception when unique_violation then
      null;
    end;
  end loop;
  return back;
end
$$;
