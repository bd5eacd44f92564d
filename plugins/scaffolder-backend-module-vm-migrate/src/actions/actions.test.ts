/** What the actions say of themselves: their published schemas, and examples that fit them. */
import { mockServices } from '@backstage/backend-test-utils';
import { catalogServiceMock } from '@backstage/plugin-catalog-node/testUtils';
import Ajv from 'ajv';
import { parse } from 'yaml';
import type { BackendDeps } from '../call-backend';
import { planAction } from './plan';
import { reportAction } from './report';
import { startAction } from './start';
import { verifyAction } from './verify';
import { waitAction } from './wait';

const deps: BackendDeps = {
  auth: mockServices.auth.mock(),
  catalog: catalogServiceMock({ entities: [] }),
  discovery: mockServices.discovery.mock(),
};
const ACTIONS = [planAction, startAction, waitAction, verifyAction, reportAction].map(make =>
  make(deps),
);

interface Step {
  readonly action: string;
  readonly input: Record<string, unknown>;
}

describe.each(ACTIONS)('$id', ({ id, schema, examples = [], supportsDryRun }) => {
  const fits = new Ajv({ strict: false }).compile(schema?.input as object);

  it('can be run dry, and lists its inputs', () => {
    expect(supportsDryRun).toBe(true);
    const { properties = {}, additionalProperties } = schema?.input as Record<string, object>;
    expect(Object.keys(properties)).toContain(
      id === 'vm-migrate:plan' || id === 'vm-migrate:start' ? 'vm' : 'migration',
    );
    expect(additionalProperties).toBe(false);
  });

  it.each(examples)('example: $description', ({ example }) => {
    const { steps } = parse(example) as { steps: Step[] };
    expect(steps.map(({ action }) => action)).toEqual([id]);
    for (const { input } of steps) {
      fits(rendered(input));
      expect(fits.errors).toBeNull();
      fits({ ...rendered(input), sauce: 1 });
      expect(fits.errors).not.toBeNull();
    }
  });
});

it.each(ACTIONS.slice(0, 2))('$id takes the prefixes that names may begin with', ({ schema }) => {
  const fits = new Ajv({ strict: false }).compile(schema?.input as object);
  // Empty: nothing was typed in a form.
  for (const namePrefix of ['shop-web', 'a', ''])
    expect(fits({ vm: 'lab/a', namePrefix })).toBe(true);
  for (const namePrefix of ['Bad Name!!', '-a', 'a-', 'a'.repeat(31)])
    expect(fits({ vm: 'lab/a', namePrefix })).toBe(false);
});

/** With something where another step's output would be. */
function rendered(input: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(input).replace(/\$\{\{[^}]*\}\}/g, 'm-abcdefgh')) as Record<
    string,
    unknown
  >;
}
