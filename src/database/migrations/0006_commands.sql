-- What people asked of a merge after it had begun, by whom, why and when: found from either record through the merge.
create table merge_command (
  id bigint generated always as identity primary key,
  merge bigint not null references merge (id),
  command text not null check (command in ('retry-portal', 'skip-portal', 'resume', 'abandon', 'undo')),
  by text not null,
  reason text check (length(reason) <= 200),
  at timestamptz not null default clock_timestamp()
);
create index merge_command_merge on merge_command (merge);
grant select, insert on merge_command to ontdubbel_worker;

-- Since when the portal is waited for: the first attempt that failed. Null where it never was.
alter table merge add column portal_since timestamptz;

-- A value of nothing but white space, tabs too, is none.
create or replace function is_blank(value text) returns boolean
language sql immutable parallel safe as $$
  select value is null or value !~ '[^[:space:]]'
$$;

create or replace function has_address(p patron) returns boolean
language sql immutable as $$
  select not (is_blank(p.street) and is_blank(p.house_number) and is_blank(p.box) and is_blank(p.postcode) and is_blank(p.city))
$$;
