-- The engine's own tables. graphile-worker's are in a schema of their own and are never read by a surface.
-- Rules: times are the database's clock; state changes carry the old state (and the fence) in their
-- WHERE; events are only ever appended. Changes within a minor version only add.

create table vm_migrate.store_info (
  only_row    boolean primary key default true check (only_row),
  store_id    uuid not null default gen_random_uuid(),
  created_at  timestamptz not null default now()
);
insert into vm_migrate.store_info default values;

-- Where VMs come from and go to. Never a secret: credential_ref names one.
create table vm_migrate.source (
  name            text primary key,
  kind            text not null,
  options         jsonb not null default '{}',
  credential_ref  text,
  -- Host that can reach it; null: every worker that knows the kind.
  host            text,
  updated_at      timestamptz not null default now()
);
create table vm_migrate.target (
  name            text primary key,
  kind            text not null,
  options         jsonb not null default '{}',
  credential_ref  text,
  host            text,
  updated_at      timestamptz not null default now()
);

-- One accepted plan of one VM.
create table vm_migrate.migration (
  id              text primary key,
  group_id        text,
  source_name     text not null references vm_migrate.source (name),
  target_name     text not null references vm_migrate.target (name),
  vm_id           text not null,
  vm_name         text not null,
  plan_digest     text not null,
  plan            jsonb not null,
  -- What the user wants, and how it stands.
  wanted          text not null default 'run' check (wanted in ('run', 'pause', 'cancel')),
  cancel_choice   text check (cancel_choice in ('keep-all', 'keep-snapshots', 'remove-all')),
  state           text not null default 'running' check (state in ('running', 'paused', 'failed', 'migrated', 'canceled')),
  started_by      text not null,
  created_at      timestamptz not null default now(),
  finished_at     timestamptz,
  -- Fair share: when a copying step of this VM was last admitted.
  last_served_at  timestamptz not null default '-infinity'
);
create unique index migration_one_active on vm_migrate.migration (source_name, vm_id, target_name)
  where state in ('running', 'paused', 'failed');
create index migration_by_group on vm_migrate.migration (group_id) where group_id is not null;

create table vm_migrate.accepted_finding (
  migration_id  text not null references vm_migrate.migration (id) on delete cascade,
  finding_id    text not null,
  finding       jsonb not null,
  accepted_by   text not null,
  accepted_at   timestamptz not null default now(),
  primary key (migration_id, finding_id)
);

-- The flag of every base and delta.
create table vm_migrate.layer (
  migration_id     text not null references vm_migrate.migration (id) on delete cascade,
  layer_id         text not null,
  disk_id          text not null,
  disk_label       text not null,
  parent_id        text,
  ordinal          int not null,
  file             text not null,
  format           text not null,
  size_bytes       bigint not null,
  data_bytes       bigint not null,
  zero_bytes       bigint not null,
  manifest         jsonb not null,
  manifest_digest  text not null,
  flag             text not null check (flag in ('needs migration', 'migrated', 'not wanted')),
  reason           text,
  -- Receipt of the mover, stored before any VolumeSnapshot of this state is requested.
  receipt          jsonb,
  migrated_at      timestamptz,
  gone_at_source   timestamptz,
  primary key (migration_id, layer_id),
  check (flag <> 'migrated' or receipt is not null)
);

create table vm_migrate.vmware_snapshot (
  migration_id   text not null references vm_migrate.migration (id) on delete cascade,
  snapshot_id    text not null,
  parent_id      text,
  ordinal        int not null,
  name           text not null,
  description    text not null,
  created_at_us  bigint,
  quiesced       boolean,
  kept           boolean not null,
  merged_into    text,
  ready_at       timestamptz,
  primary key (migration_id, snapshot_id)
);

create table vm_migrate.volume (
  migration_id      text not null references vm_migrate.migration (id) on delete cascade,
  volume_id         text not null,
  disk_id           text not null,
  role              text not null check (role in ('main', 'branch')),
  base_name         text not null,
  generation        int not null default 1,
  storage_class     text not null,
  size_bytes        bigint not null,
  -- VolumeSnapshot that this generation was or will be restored from; null: it starts empty.
  restored_from     text,
  -- Layer whose state the volume holds; null: empty.
  content_layer_id  text,
  made_at           timestamptz,
  removed_at        timestamptz,
  primary key (migration_id, volume_id)
);

create table vm_migrate.volume_snapshot (
  migration_id        text not null references vm_migrate.migration (id) on delete cascade,
  volume_snapshot_id  text not null,
  name                text not null,
  volume_id           text not null,
  disk_id             text not null,
  layer_id            text not null,
  purpose             text not null check (purpose in ('snapshot', 'fork', 'current')),
  snapshot_id         text,
  state               text not null default 'planned' check (state in ('planned', 'ready', 'removed')),
  state_size_bytes    bigint not null,
  handle              text,
  state_digest        text,
  volume_digest       text,
  table_sha256        text,
  -- What was proved: the volume it was cut from, random windows of a restore, the whole of a restore.
  proof               text check (proof in ('volume', 'sampled', 'full')),
  proof_detail        jsonb,
  ready_at            timestamptz,
  proved_at           timestamptz,
  primary key (migration_id, volume_snapshot_id),
  unique (migration_id, name)
);

-- The DAG and how far it is. blocked -> ready -> queued -> running (leased) -> done; waiting = asked to come again.
create table vm_migrate.step (
  migration_id        text not null references vm_migrate.migration (id) on delete cascade,
  step_id             text not null,
  ordinal             int not null,
  kind                text not null,
  priority            int not null,
  weight_bytes        bigint not null,
  storage_class       text not null,
  disk_id             text,
  volume_id           text,
  layer_id            text,
  volume_snapshot_id  text,
  state               text not null check (state in ('blocked', 'ready', 'queued', 'running', 'waiting', 'done', 'failed', 'canceled')),
  -- Raised by every claim; a result with an older fence counts for nothing.
  fence               bigint not null default 0,
  attempts            int not null default 0,
  lease_owner         text,
  lease_until         timestamptz,
  reason              text,
  reason_since        timestamptz,
  not_before          timestamptz,
  error               jsonb,
  result              jsonb,
  started_at          timestamptz,
  finished_at         timestamptz,
  primary key (migration_id, step_id)
);
create index step_open on vm_migrate.step (state, migration_id) where state in ('ready', 'queued', 'running', 'waiting');

create table vm_migrate.step_after (
  migration_id  text not null references vm_migrate.migration (id) on delete cascade,
  step_id       text not null,
  after_id      text not null,
  primary key (migration_id, step_id, after_id)
);
create index step_after_reverse on vm_migrate.step_after (migration_id, after_id);

-- Windows that are written, flushed, read back and equal: never done again on this generation of the volume.
create table vm_migrate.copied_window (
  migration_id  text not null references vm_migrate.migration (id) on delete cascade,
  step_id       text not null,
  window_index  bigint not null,
  data_bytes    bigint not null,
  zero_bytes    bigint not null,
  digest        text not null,
  primary key (migration_id, step_id, window_index)
);

-- Progress of running steps; apart from step, so that flags stay cheap to read.
create table vm_migrate.step_progress (
  migration_id      text not null references vm_migrate.migration (id) on delete cascade,
  step_id           text not null,
  fence             bigint not null,
  worker_id         text not null,
  phase             text,
  bytes_done        bigint not null default 0,
  bytes_total       bigint not null default 0,
  bytes_per_second  bigint not null default 0,
  updated_at        timestamptz not null default now(),
  primary key (migration_id, step_id)
) with (fillfactor = 70);

create table vm_migrate.event (
  id            bigint generated always as identity primary key,
  at            timestamptz not null default now(),
  migration_id  text,
  step_id       text,
  level         text not null check (level in ('info', 'warning', 'error')),
  kind          text not null,
  actor         text not null,
  message       text not null,
  data          jsonb
);
create index event_by_migration on vm_migrate.event (migration_id, id);

create table vm_migrate.worker (
  id            text primary key,
  pool_id       text,
  surface       text not null,
  host          text not null,
  pid           int not null,
  version       text not null,
  serves        jsonb not null default '{}',
  started_at    timestamptz not null default now(),
  heartbeat_at  timestamptz not null default now()
);

-- scope: 'all', 'vm' (each), 'source:NAME', 'class:NAME'. Null: no limit of that sort.
create table vm_migrate.work_limit (
  scope             text primary key,
  max_running       int check (max_running >= 0),
  bytes_per_second  bigint check (bytes_per_second >= 0),
  changed_by        text not null default 'default',
  changed_at        timestamptz not null default now()
);
insert into vm_migrate.work_limit (scope, max_running) values ('all', 4), ('vm', 4);

-- What the probe of a storage class showed.
create table vm_migrate.class_proof (
  target_name    text not null,
  storage_class  text not null,
  proved_at      timestamptz not null default now(),
  result         jsonb not null,
  primary key (target_name, storage_class)
);

-- One row per layer for every surface, and for an operator with psql.
create view vm_migrate.layer_flag as
select l.migration_id, m.vm_name, l.disk_label, l.ordinal, l.layer_id, l.file, l.format, l.flag, l.reason,
       l.data_bytes, l.zero_bytes, l.migrated_at, l.gone_at_source is not null as gone_at_source,
       s.state as step_state, s.reason as waits_for, coalesce(p.bytes_done, 0) as bytes_done
  from vm_migrate.layer l
  join vm_migrate.migration m on m.id = l.migration_id
  left join vm_migrate.step s on s.migration_id = l.migration_id and s.layer_id = l.layer_id and s.kind = 'applyLayer'
  left join vm_migrate.step_progress p on p.migration_id = l.migration_id and p.step_id = s.step_id;
