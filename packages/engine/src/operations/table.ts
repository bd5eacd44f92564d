/** Every operation of @vm-migrate/api with its code. */
import { OPERATIONS, type OperationInput, type OperationName } from '@vm-migrate/api';
import { EngineError } from '../errors';
import { assertMay } from './caller';
import { cancel } from './cancel';
import { cleanup } from './cleanup';
import { getLimits, pause, resume, retry, setLimit, verify } from './commands';
import { describeMigration, getEvents } from './describe';
import type { OperationContext } from './operation';
import { getPlace, getSources, getVms, getWorkers } from './places';
import { planVm } from './plan-vm';
import { getQueue } from './queue';
import { recover } from './recover';
import { getReport } from './report';
import { startMigration } from './start-migration';
import {
  countMigrations,
  getLayers,
  getMigrations,
  getObjects,
  getSnapshots,
  getStatus,
} from './status';
import { getTargets } from './targets';
import { getTree } from './tree';

const TABLE = {
  getSources,
  getTargets,
  getVms,
  getMigrations,
  countMigrations,
  getLayers,
  getSnapshots,
  getObjects,
  getWorkers,
  getQueue,
  getTree,
  getStatus,
  describe: describeMigration,
  getEvents,
  getReport,
  getLimits,
  getPlace,
  plan: planVm,
  start: startMigration,
  pause,
  resume,
  retry,
  cancel,
  verify,
  setLimit,
  recover,
  cleanup,
} satisfies {
  [Name in OperationName]: (
    context: OperationContext,
    input: OperationInput<Name>,
  ) => Promise<unknown>;
};

export type OperationAnswer<Name extends OperationName> = Awaited<ReturnType<(typeof TABLE)[Name]>>;

/**
 * Checks the input against its schema and runs the operation.
 * @throws EngineError USAGE naming the field that is wrong
 */
export async function runOperation<Name extends OperationName>(
  context: OperationContext,
  name: Name,
  input: OperationInput<Name>,
): Promise<OperationAnswer<Name>> {
  const checked = OPERATIONS[name].input.safeParse(input);
  if (!checked.success) {
    const issues = checked.error.issues.map(
      issue => `${issue.path.join('.') || name}: ${issue.message}`,
    );
    throw new EngineError('USAGE', { where: { object: name }, found: issues.join('; ') });
  }
  await assertMay(context.database, context.access, name, OPERATIONS[name].kind, checked.data);
  const operation = TABLE[name] as (
    context: OperationContext,
    input: unknown,
  ) => Promise<OperationAnswer<Name>>;
  return operation(context, checked.data);
}
