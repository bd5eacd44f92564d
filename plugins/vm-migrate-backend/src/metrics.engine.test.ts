/**
 * The engine's metrics through the OpenTelemetry SDK that a Backstage starts before its plugins: the
 * Prometheus exporter, as Backstage's own guide wires it, read over HTTP.
 */
import path from 'node:path';
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { METRICS } from '@vm-migrate/engine';
import { tempFolder } from '../../../packages/engine/src/testing/temp-folder';
import {
  emptyTestDatabase,
  type TestDatabase,
} from '../../../packages/engine/src/testing/test-database';
import { onFreePort } from '../../../test/free-port';
import { writeSmallVm } from '../../../test/kill/small-vm';
import { until } from '../../../test/kill/until';
import { backendUnderTest, type BackendUnderTest } from './testing/backend-under-test';
import { backendDatabaseOf } from './testing/backend-database-of';

describe('metrics of the plugin', () => {
  const folder = tempFolder();
  let exporter: PrometheusExporter;
  let scrape: () => Promise<string>;
  let database: TestDatabase;
  let backend: BackendUnderTest;

  beforeAll(async () => {
    const port = await onFreePort(async free => {
      exporter = new PrometheusExporter({
        port: free,
        host: '127.0.0.1',
        preventServerStart: true,
      });
      await exporter.startServer();
      return free;
    });
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }));
    scrape = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();

    database = await emptyTestDatabase();
    writeSmallVm(path.join(folder, 'vms', '1'), { seed: 1 });
    backend = await backendUnderTest({
      database: backendDatabaseOf(database),
      section: {
        stateFolder: path.join(folder, 'state'),
        sources: { lab: { kind: 'vm-directory', folder: path.join(folder, 'vms') } },
        targets: {
          here: {
            kind: 'local-directory',
            classes: { fast: { folder: path.join(folder, 'volumes'), default: true } },
          },
        },
      },
    });
    await backend.ready();
  }, 180_000);
  afterAll(async () => {
    await backend?.stop();
    await exporter?.shutdown();
    metrics.disable();
    await database?.drop();
  });

  it('are what happened, by name, and nothing of them names a VM', async () => {
    const ann = backend.as('user:default/ann');
    const { migration } = await ann.call('start', { vm: 'lab/small 1' });
    await until(async () => {
      const [view] = await ann.call('getMigrations', { migration });
      return view?.state === 'migrated';
    }, 100_000);
    const { steps } = await ann.call('describe', { migration });
    const layers = steps.filter(({ kind }) => kind === 'applyLayer').length;

    const told = await scrape();
    expect(valueOf(told, 'vm_migrate_step_ended_total', 'kind="applyLayer",outcome="done"')).toBe(
      layers,
    );
    const copied = [...told.matchAll(/^vm_migrate_copy_io(?:_bytes)?_total\{[^}]*\} (\S+)/gm)];
    const bytes = copied.reduce((sum, [, value]) => sum + Number(value), 0);
    expect(bytes).toBeGreaterThanOrEqual(1024 * 1024);
    expect(told).not.toContain('small 1');
    expect(told).not.toContain(migration);

    // Every one that the list has and that this run could touch has a name of ours in it.
    const names = [...told.matchAll(/^# TYPE (vm_migrate\S+) /gm)].map(([, name]) => name ?? '');
    expect(names.length).toBeGreaterThan(5);
    for (const name of names)
      expect(
        METRICS.some(metric => name.startsWith(metric.name.replaceAll('.', '_'))) ? '' : name,
      ).toBe('');
  }, 180_000);
});

function valueOf(told: string, name: string, attributes: string): number | undefined {
  const line = told
    .split('\n')
    .find(each => each.startsWith(`${name}{`) && each.includes(attributes));
  return line === undefined ? undefined : Number(line.split(' ')[1]);
}
