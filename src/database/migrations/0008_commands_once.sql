-- Of which asking a command is (the workflow and the update's id): recorded once, however often that is tried.
alter table merge_command add column asked text;
create unique index merge_command_once on merge_command (merge, asked);
