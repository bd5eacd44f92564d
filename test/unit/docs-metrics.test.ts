// docs/operations.md lists every metric as Prometheus writes it, and its alerts are about metrics that are there.
import { METRICS, type MetricDefinition } from '../../packages/engine/src/metrics/instruments';
import { page } from './pages';

const { text } = page('docs/operations.md');

/** As the exporter does: dots become underscores, counters end in _total. */
function prometheusName({ name, type }: MetricDefinition): string {
  return `${name.replaceAll('.', '_')}${type === 'counter' ? '_total' : ''}`;
}

const [, table = ''] = text.split('<!-- metrics:');
const rows = [
  ...table.matchAll(/^\| `(\w+)`\s*\| (\w+)\s*\| [^|]*\| ([^|]*)\| ([^|]*?)\s*\|$/gm),
].map(([, name = '', type = '', labels = '', what = '']) => ({
  name,
  type,
  labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
  what,
}));

it('every metric, with its labels and what it is', () => {
  expect(rows).toEqual(
    METRICS.map(metric => ({
      name: prometheusName(metric),
      type: metric.type,
      labels: metric.attributes.map(attribute => attribute.replaceAll('.', '_')),
      what: metric.description,
    })),
  );
});

it('alerts are about metrics of the list', () => {
  const named = [...table.matchAll(/expr: (.*)$/gm)].flatMap(([, expression = '']) =>
    [...expression.matchAll(/\bvm_migrate_\w+/g)].map(([name]) => name),
  );
  expect(named.length).toBeGreaterThanOrEqual(3);
  const known = METRICS.map(prometheusName);
  expect(named.filter(name => !known.includes(name))).toEqual([]);
});

it('no label could name a VM or an object: they are of a few known values', () => {
  const labels = new Set(METRICS.flatMap(({ attributes }) => attributes));
  expect([...labels].sort()).toEqual([
    'db.client.connection.pool.name',
    'db.client.connection.state',
    'extent',
    'flag',
    'http.request.method',
    'http.response.status_code',
    'kind',
    'method',
    'outcome',
    'start',
    'state',
    'storage_class',
  ]);
});
