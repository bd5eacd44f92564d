-- additive
-- Who a migration belongs to: what permissions are decided by. The catalog's words for the VM and its owner
-- (Backstage entity refs), and the namespace on the target; null: not known, or there is none.
alter table vm_migrate.migration add column entity_ref text;
alter table vm_migrate.migration add column owner_ref text;
alter table vm_migrate.migration add column target_namespace text;
create index migration_by_owner on vm_migrate.migration (owner_ref) where owner_ref is not null;
-- What is there already went to where its target points now.
update vm_migrate.migration m set target_namespace = t.options->>'namespace'
  from vm_migrate.target t where t.name = m.target_name and t.kind = 'kubernetes';
