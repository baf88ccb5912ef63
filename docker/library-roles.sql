-- The two roles of the library's database, as a superuser, on that database: may be run any number of times. Plain SQL, so
-- that a database administrator can run it on a server of their own; the passwords come by connection settings:
--   PGOPTIONS='-c ontdubbel.owner_password=… -c ontdubbel.worker_password=…' psql -d ontdubbel -f library-roles.sql
do $$
declare
  role text;
begin
  foreach role in array array['owner', 'worker'] loop
    if coalesce(current_setting('ontdubbel.' || role || '_password', true), '') = '' then
      raise exception 'no password for the role ontdubbel_%: give ontdubbel.%_password', role, role;
    end if;
    if not exists (select from pg_roles where rolname = 'ontdubbel_' || role) then
      execute format('create role %I', 'ontdubbel_' || role);
    end if;
    execute format('alter role %I login password %L', 'ontdubbel_' || role,
      current_setting('ontdubbel.' || role || '_password'));
  end loop;
  -- the owner runs the migrations; public may not even connect
  execute format('alter database %I owner to ontdubbel_owner', current_database());
  execute format('revoke connect, temporary on database %I from public', current_database());
  execute format('grant connect, temporary on database %I to ontdubbel_worker', current_database());
end
$$;
-- a merge that meets a desk in a deadlock finds it first and gives way
grant set on parameter deadlock_timeout to ontdubbel_worker, ontdubbel_owner;
create extension if not exists pg_trgm;
create extension if not exists fuzzystrmatch;
