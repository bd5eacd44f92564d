/** How the byte limits are shared by the copies that run. */
import type { Database } from '../store/database';
import { limits } from '../store/places';

/** Each running copy's share of the limits on its source and its class, bytes per second; 0 = unlimited. */
export async function byteRates(
  database: Database,
): Promise<(source: string, storageClass: string) => number> {
  const capped = new Map<string, number>();
  for (const { scope, bytesPerSecond } of await limits(database))
    if (bytesPerSecond !== null) capped.set(scope, bytesPerSecond);
  if (capped.size === 0) return () => 0;
  const running = await database.query<{ source: string; storageClass: string; count: number }>(
    `select m.source_name as source, s.storage_class as "storageClass", count(*) as count
       from vm_migrate.step s join vm_migrate.migration m on m.id = s.migration_id
      where s.state = 'running' and s.kind in ('applyLayer', 'sampleSnapshot', 'verifySnapshot') group by 1, 2`,
  );
  const sharers = (matches: (row: { source: string; storageClass: string }) => boolean) =>
    Math.max(
      1,
      running.filter(matches).reduce((sum, row) => sum + row.count, 0),
    );
  return (source, storageClass) => {
    const shares = [
      (capped.get('all') ?? Infinity) / sharers(() => true),
      (capped.get(`source:${source}`) ?? Infinity) / sharers(row => row.source === source),
      (capped.get(`class:${storageClass}`) ?? Infinity) /
        sharers(row => row.storageClass === storageClass),
    ];
    const least = Math.min(...shares);
    return Number.isFinite(least) ? Math.max(1, Math.floor(least)) : 0;
  };
}
