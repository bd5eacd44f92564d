-- additive
-- Up to which event people were told of ends of migrations; null: nobody tells them on this database.
alter table vm_migrate.store_info add column told_event_id bigint;
