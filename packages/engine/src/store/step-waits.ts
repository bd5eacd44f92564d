/** Whether a step that runs goes on or only waits: over a row, and as SQL. */
import type { StepRow } from './store';

/** What a running step says while its mover's bytes move; every other reason is something that it waits for. */
const AT_WORK = ['copying', 'reading'];

export function goesOn({ state, reason }: Pick<StepRow, 'state' | 'reason'>): boolean {
  return state === 'running' && (reason === null || AT_WORK.includes(reason));
}

/** Of the row `alias`, which has `state` and `reason` as vm_migrate.step; never null. */
export function goesOnSql(alias: string): string {
  const words = AT_WORK.map(word => `'${word}'`).join(', ');
  return `(${alias}.state = 'running' and coalesce(${alias}.reason in (${words}), true))`;
}
