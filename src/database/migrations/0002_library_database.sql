-- The library system's own tables, in the domain's words. Ids are given by the library system and kept.
--
-- written_for (on every table that hangs on a patron): the patron a row was first written for; null while that is the
-- patron it hangs on. Undo goes by it (patron = kept and written_for = removed), so it has no index and no foreign key.
-- No foreign key cascades: a removed record is never deleted, and nothing that hangs on a patron goes with one.

create table library (
  id text primary key,
  name text not null
);

create table patron (
  id bigint primary key,
  last_name text not null,
  first_name text,
  gender text check (gender in ('F', 'M', 'X')),
  birth_date date,
  -- one address: taken over whole or not at all (R14)
  street text,
  house_number text,
  box text,
  postcode text,
  city text,
  national_number text check (national_number_is_valid(national_number)),
  legitimation text,
  registered_online boolean not null default false,
  registered_on date,
  last_activity_on date,
  protected boolean not null default false,
  internet_block text check (internet_block in ('online-registration', 'staff')),
  -- the record this one was merged into; set when the merge is opened, so that desks' rows follow at once
  merged_into bigint references patron (id) check (merged_into <> id),
  -- the unfinished merge this record is in: one column, so one merge at most
  merging bigint,
  -- when the removed record ceased to be a patron; from then on it holds nothing
  retired_at timestamptz check (retired_at is null or merged_into is not null)
) with (fillfactor = 85);
create index patron_merged_into on patron (merged_into) where merged_into is not null;

create function has_address(p patron) returns boolean
language sql immutable as $$
  select (p.street, p.house_number, p.box, p.postcode, p.city) is distinct from (null::text, null::text, null::text, null::text, null::text)
$$;

create table card (
  number text primary key,
  patron bigint not null references patron (id),
  library text references library (id),
  status text not null check (status in ('active', 'blocked', 'lost')),
  written_for bigint
);
create index card_patron on card (patron);
create index card_library on card (library) where library is not null;

create table subscription (
  id bigint primary key,
  patron bigint not null references patron (id),
  library text not null references library (id),
  product text not null,
  starts_on date not null,
  ends_on date,
  stopped_on date,
  written_for bigint
);
create index subscription_patron on subscription (patron);
create index subscription_library on subscription (library);

create table history_preference (
  patron bigint not null references patron (id),
  library text not null references library (id),
  enabled boolean not null,
  written_for bigint,
  primary key (patron, library)
);
create index history_preference_library on history_preference (library);

create table loan (
  id bigint primary key,
  patron bigint not null references patron (id),
  library text not null references library (id),
  item text not null,
  title text not null,
  loaned_on date not null,
  due_on date not null,
  renewals int not null default 0 check (renewals >= 0),
  -- the card it was made with, as noted then: any text
  card text,
  written_for bigint
);
create index loan_patron on loan (patron);
create index loan_library on loan (library);

create table loan_history (
  id bigint primary key,
  patron bigint not null references patron (id),
  library text not null references library (id),
  item text not null,
  title text not null,
  loaned_on date not null,
  returned_on date not null,
  card text,
  written_for bigint
);
create index loan_history_patron on loan_history (patron);
create index loan_history_library on loan_history (library);

create table hold (
  id bigint primary key,
  patron bigint not null references patron (id),
  -- the pickup library
  library text not null references library (id),
  title text not null,
  placed_at timestamptz not null,
  status text not null check (status in ('waiting', 'ready', 'suspended', 'cancelled')),
  reason text,
  card text,
  written_for bigint
);
create index hold_patron on hold (patron);
create index hold_library on hold (library);
-- R2: at most one open hold for a title and pickup library
create unique index hold_open on hold (patron, library, title) where status <> 'cancelled';

create table charge (
  id bigint primary key,
  patron bigint not null references patron (id),
  library text not null references library (id),
  kind text not null check (kind in ('membership', 'overdue', 'hold', 'lost', 'other')),
  amount bigint not null check (amount >= 0),
  -- the sum of its payments, kept by the trigger below; open while paid < amount
  paid bigint not null default 0 check (paid >= 0),
  charged_on date not null,
  in_collection boolean not null default false,
  written_for bigint,
  constraint payments_not_above_the_charge check (paid <= amount)
);
create index charge_patron on charge (patron);
create index charge_library on charge (library);

create table payment (
  id bigint primary key,
  charge bigint not null references charge (id),
  amount bigint not null check (amount >= 0),
  paid_on date not null
);
create index payment_charge on payment (charge);

create table message (
  id bigint primary key,
  patron bigint not null references patron (id),
  library text not null references library (id),
  kind text not null check (kind in ('notice', 'remark')),
  text text not null,
  created_at timestamptz not null,
  author text,
  written_for bigint
);
create index message_patron on message (patron);
create index message_library on message (library);

create table contact (
  id bigint generated by default as identity primary key,
  patron bigint not null references patron (id),
  kind text not null check (kind in ('email', 'phone', 'mobile')),
  value text not null,
  -- 0, or the how-manieth time an imported record has the same contact (a mobile number noted as phone too): real data
  -- has them, and they are kept; desks write 0, and so cannot double one
  copy smallint not null default 0,
  key text not null generated always as (contact_key(kind, value)) stored,
  is_primary boolean not null default false,
  written_for bigint
);
create unique index contact_known on contact (patron, key, copy);
create unique index contact_primary on contact (patron, kind) where is_primary;

-- The sum of a charge's payments follows its payments, by the difference, in one statement for any number of them.
create function add_up_payments() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    update charge c set paid = c.paid + d.amount
    from (select charge, sum(amount) as amount from written group by charge order by charge) d where c.id = d.charge;
  elsif tg_op = 'DELETE' then
    update charge c set paid = c.paid - d.amount
    from (select charge, sum(amount) as amount from gone group by charge order by charge) d where c.id = d.charge;
  else
    update charge c set paid = c.paid + d.amount
    from (
      select charge, sum(amount) as amount
      from (select charge, amount from written union all select charge, -amount from gone) x
      group by charge having sum(amount) <> 0 order by charge) d
    where c.id = d.charge;
  end if;
  return null;
end
$$;
-- Whoever writes the sum by hand writes nothing: only the triggers above do (at depth 2, called by a payment's).
create function only_payments_pay() returns trigger language plpgsql as $$
begin
  if pg_trigger_depth() = 1 then
    new.paid := case when tg_op = 'UPDATE' then old.paid else 0 end;
  end if;
  return new;
end
$$;
create trigger only_payments_pay_inserted before insert on charge for each row
  when (new.paid <> 0) execute function only_payments_pay();
create trigger only_payments_pay_updated before update of paid on charge for each row
  when (new.paid <> old.paid) execute function only_payments_pay();
create trigger add_up_inserted after insert on payment referencing new table as written
  for each statement execute function add_up_payments();
create trigger add_up_updated after update on payment referencing new table as written old table as gone
  for each statement execute function add_up_payments();
create trigger add_up_deleted after delete on payment referencing old table as gone
  for each statement execute function add_up_payments();

-- Ids that the product makes are the next free of their kind, and never one that an undo may have to put back: the floor
-- remembers the highest id that was deleted, where it was the highest of all.
create table id_floor (
  kind text primary key,
  floor bigint not null
);
insert into id_floor (kind, floor) values ('subscription', 0), ('message', 0);

create function remember_highest_id() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  highest bigint := (select max(id) from gone);
  standing bigint;
begin
  execute format('select max(id) from %I', tg_table_name) into standing;
  if highest > coalesce(standing, 0) then
    update id_floor set floor = highest where kind = tg_table_name and floor < highest;
  end if;
  return null;
end
$$;
create trigger remember_highest_id after delete on subscription referencing old table as gone
  for each statement execute function remember_highest_id();
create trigger remember_highest_id after delete on message referencing old table as gone
  for each statement execute function remember_highest_id();
