-- additive
-- When a migration that was accepted for later begins by itself; null: it has begun, or begins when somebody resumes it.
alter table vm_migrate.migration add column begins_at timestamptz;
create index migration_by_beginning on vm_migrate.migration (begins_at) where begins_at is not null;
