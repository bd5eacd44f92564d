/** What the gallery shows is what a backend could answer: every fixture is held against the OpenAPI document. */
import { contract } from '../../plugins/vm-migrate-backend/src/testing/contract';
import {
  DESCRIPTIONS,
  EVENTS,
  REPORT,
} from '../../plugins/vm-migrate/src/gallery/fixtures/migrations';
import { TREES } from '../../plugins/vm-migrate/src/gallery/fixtures/trees';

const { check } = contract();

it.each(Object.entries(TREES))('tree: %s', (_state, tree) => {
  // Of a long one a part says as much.
  expect(() => check('TreeView', { ...tree, nodes: tree.nodes.slice(0, 50) })).not.toThrow();
});

it.each(Object.entries(DESCRIPTIONS))('description: %s', (_state, description) => {
  expect(() => check('DescriptionView', description)).not.toThrow();
});

it('events and report', () => {
  for (const event of EVENTS) expect(() => check('EventView', event)).not.toThrow();
  expect(() => check('ReportView', REPORT)).not.toThrow();
});

it('a fixture that no backend answers is found', () => {
  expect(() => check('TreeView', { ...TREES.before, power: 7 })).toThrow(/power/);
});
