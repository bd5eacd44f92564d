/** What `bundle` writes: a migration's plan, tree, facts and events, on request without names. */
import type { EventView } from '@vm-migrate/api';
import type { Config, Engine } from '@vm-migrate/engine';
import type { Bundle } from './bundle-file';
import { loadEngine } from './engine-library';
import { migrationsOf } from './migration-reference';
import { redactBundle } from './redact-bundle';
import { VERSION } from './version';

const EVENTS = 1000;

/**
 * A migration's own plan; of a VM that has none, the plan as it would be now.
 * @param names `redacted`: without the names of the user's things, those of `config` included
 */
export async function makeBundle(
  engine: Engine,
  reference: string,
  names: 'as it is' | 'redacted',
  config: Config,
): Promise<Bundle> {
  const { planOf } = await loadEngine();
  const [migration] = [...(await migrationsOf(engine, reference))].sort((a, b) =>
    b.createdAt.localeCompare(a.createdAt),
  );
  const tree = await engine.call('getTree', { vm: migration?.id ?? reference });
  const place = await engine.call('getPlace', {});
  const events: EventView[] =
    migration === undefined
      ? []
      : await engine.call('getEvents', { migration: migration.id, limit: EVENTS });
  const bundle: Bundle = {
    kind: 'vm-migrate bundle',
    version: 1,
    madeAt: new Date().toISOString(),
    versions: {
      'vm-migrate': VERSION,
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
      schema: String(place.schemaVersion),
    },
    redacted: names === 'redacted',
    plan:
      migration === undefined
        ? await engine.call('plan', { vm: reference })
        : await planOf(engine.database, migration.id),
    tree,
    description:
      migration === undefined ? null : await engine.call('describe', { migration: migration.id }),
    events,
  };
  return names === 'redacted'
    ? redactBundle(bundle, [...place.sources, ...place.targets, ...configuredNames(config)])
    : bundle;
}

function configuredNames({ sources, targets }: Config): string[] {
  const classes = targets.flatMap(({ options }) => Object.keys(options['classes'] ?? {}));
  return [...sources, ...targets].map(({ name }) => name).concat(classes);
}
