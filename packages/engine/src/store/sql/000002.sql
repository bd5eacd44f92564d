-- A wake-up for a worker: the reasoning is in queue/wake.ts.
-- Runs in the caller's transaction (READ COMMITTED) and returns the job's id, or null when the
-- queue took nothing.
create function vm_migrate.wake_up(task text, payload json, run_in_ms double precision, wake_key text, wake_priority smallint)
returns bigint
language plpgsql
as $$
declare
  wanted timestamptz := clock_timestamp() + run_in_ms * interval '1 millisecond';
  pending timestamptz;
  job_id bigint;
begin
  if wake_key is null then
    select j.id into job_id
    from vm_migrate_queue.add_job(task, payload, run_at => wanted, priority => wake_priority) j;
    return job_id;
  end if;

  -- One at a time per key, until the caller's transaction ends: else two could each miss the other's time.
  perform pg_advisory_xact_lock(1986884199, hashtext(wake_key));

  for attempt in 1..10 loop
    select j.run_at into pending
    from vm_migrate_queue.jobs j
    where j.key = wake_key and j.locked_at is null and j.attempts < j.max_attempts;

    select j.id into job_id
    from vm_migrate_queue.add_job(
      task, payload, run_at => least(wanted, pending), job_key => wake_key, priority => wake_priority, job_key_mode => 'replace') j;
    -- Null: a worker took the job between two statements of add_job. Now it is seen as locked.
    if job_id is not null then
      return job_id;
    end if;
  end loop;
  return null;
end
$$;
