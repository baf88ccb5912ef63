-- Two roles: the one that runs the migrations owns the schema; ontdubbel_worker (workers, command line, and who else
-- writes as the library system does) changes rows and nothing else. A patron is never deleted, the ledger never shrinks.
do $$
begin
  if not exists (select from pg_roles where rolname = 'ontdubbel_worker') then
    raise exception 'the role ontdubbel_worker does not exist'
      using hint = 'create it first: create role ontdubbel_worker login password ''…''';
  end if;
end
$$;

do $$
begin
  -- an import stages its file in temporary tables
  execute format('grant connect, temporary on database %I to ontdubbel_worker', current_database());
end
$$;

grant usage on schema public to ontdubbel_worker;
grant select, insert, update, delete on library, card, subscription, history_preference, loan, loan_history, hold, charge,
  payment, message, contact to ontdubbel_worker;
grant select, insert, update on patron, merge, merge_step, import_file, feed_counter, change to ontdubbel_worker;
grant select, insert, update on registration to ontdubbel_worker;
grant select, insert, update, delete on redirect_note, portal_intent, pair_decision to ontdubbel_worker;
grant select on id_floor to ontdubbel_worker;
grant usage on all sequences in schema public to ontdubbel_worker;
-- an import ends by telling the planner what it loaded
grant maintain on library, patron, card, subscription, history_preference, loan, loan_history, hold, charge, payment, message,
  contact to ontdubbel_worker;
-- doctor reads which migrations were run
do $$
begin
  if to_regclass('schema_migration') is not null then
    grant select on schema_migration to ontdubbel_worker;
  end if;
end
$$;
