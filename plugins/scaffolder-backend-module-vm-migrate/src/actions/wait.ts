/**
 * vm-migrate:wait: until migrations are over, and not longer than it may. A task is no place to wait
 * for days: when the time is over the migrations go on, and the task says where they are. So it does
 * when the token of whoever runs it has ended, which no task can renew.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createTemplateAction } from '@backstage/plugin-scaffolder-node';
import {
  duration,
  percent,
  type MigrationView,
} from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { callerFor, TemplateError, type BackendDeps } from '../call-backend';
import { DRY_RUN_MIGRATION, migrationId, migrationLink } from '../inputs';
import { migratedEntityRef } from '../migrated-entity';
import { waitExamples } from './examples';

const MINUTES = 10;
const LONGEST_MINUTES = 24 * 60;
const LOOK_MS = 2_000;

/** Nothing moves any more by itself. `paused` is somebody's wish, and may be taken back. */
const OVER: ReadonlySet<MigrationView['state']> = new Set(['migrated', 'failed', 'canceled']);

export function waitAction(deps: BackendDeps) {
  return createTemplateAction({
    id: 'vm-migrate:wait',
    description:
      'Waits until migrations are over, 10 minutes at most where nothing else is said, and no longer than the token of whoever runs it lives. They go on when the time is over.',
    supportsDryRun: true,
    examples: waitExamples,
    schema: {
      input: {
        migration: z =>
          z
            .union([migrationId(z), z.array(migrationId(z))])
            .describe('Id of a migration, or several'),
        timeoutMinutes: z =>
          z.number().positive().max(LONGEST_MINUTES).optional().describe(`${MINUTES} when absent`),
        onTimeout: z =>
          z
            .enum(['continue', 'fail'])
            .optional()
            .describe('What the end of the time does; continue when absent'),
        onFailure: z =>
          z
            .enum(['continue', 'fail'])
            .optional()
            .describe('What a migration that failed or was canceled does; fail when absent'),
      },
      output: {
        state: z =>
          z.string().describe('migrated when all are; else the state of the first that is not'),
        timedOut: z => z.boolean(),
        link: z => z.string().describe('Page of the first migration'),
        entityRef: z => z.string().optional().describe('The migrated VM of the first migration'),
        migrations: z =>
          z.array(
            z.object({
              migration: z.string(),
              vm: z.string(),
              state: z.string(),
              link: z.string(),
              entityRef: z.string().optional(),
            }),
          ),
      },
    },

    async handler(ctx) {
      const { input, logger } = ctx;
      const ids = [input.migration].flat();
      if (ctx.isDryRun === true || ids.every(id => id === DRY_RUN_MIGRATION)) {
        tell(ids.map(id => ({ migration: id, vm: '', state: 'dry-run', link: migrationLink(id) })));
        return;
      }
      const call = callerFor(deps, ctx);
      const minutes = input.timeoutMinutes ?? MINUTES;
      // A task that is taken up again does not begin its time anew.
      const until = await ctx.checkpoint({
        key: `wait:${ids.join(',')}`,
        fn: async () => Date.now() + minutes * 60_000,
      });
      const said = new Map<string, string>();
      let views = await look();
      while (!views.every(({ state }) => OVER.has(state)) && Date.now() < until) {
        const ms = Math.max(1, Math.min(LOOK_MS, until - Date.now()));
        await sleep(ms, undefined, ctx.signal === undefined ? {} : { signal: ctx.signal });
        const next = await lookWhileSignedIn();
        if (next === undefined) break;
        views = next;
      }
      const rows = [];
      for (const view of views) {
        const entityRef =
          view.state === 'migrated' ? await migratedEntityRef(deps.catalog, ctx, view) : undefined;
        rows.push({
          migration: view.id,
          vm: view.vm,
          state: view.state,
          link: migrationLink(view.id),
          ...(entityRef === undefined ? {} : { entityRef }),
        });
      }
      tell(rows);
      const ended = views.filter(({ state }) => state === 'failed' || state === 'canceled');
      if (ended.length > 0 && input.onFailure !== 'continue') throw failure(ended);
      const open = views.filter(({ state }) => !OVER.has(state));
      if (open.length > 0 && input.onTimeout === 'fail')
        throw new TemplateError(
          'TIMED_OUT',
          `Waited ${minutes} min at most, and it is not over: ${open.map(({ id, vm, state }) => `${id} of ${vm}, ${state}`).join('; ')}. It goes on: ${migrationLink(open[0]?.id ?? '')}`,
        );

      async function look(): Promise<MigrationView[]> {
        const found: MigrationView[] = [];
        for (const id of ids) {
          const [view] = await call('getMigrations', { migration: id });
          if (view === undefined)
            throw new TemplateError(
              'NOT_FOUND',
              `There is no migration ${id}, or none that you may see.`,
            );
          found.push(view);
          sayOnce(view);
        }
        return found;
      }

      /** Undefined: the token has ended. */
      async function lookWhileSignedIn(): Promise<MigrationView[] | undefined> {
        try {
          return await look();
        } catch (error) {
          if (!(error instanceof TemplateError) || error.code !== 'NOT_SIGNED_IN') throw error;
          logger.warn(
            'The token of whoever runs this has ended, so nobody looks any more. The migrations go on.',
          );
          return undefined;
        }
      }

      /** Each state once, and each tenth of the bytes. */
      function sayOnce({ id, vm, state, progress }: MigrationView): void {
        const done = percent(progress.bytesDone, progress.bytesTotal);
        const tenth = `${state} ${Math.floor(done / 10)}`;
        if (said.get(id) === tenth) return;
        said.set(id, tenth);
        const rest =
          progress.etaMs === null || OVER.has(state)
            ? ''
            : `, about ${duration(progress.etaMs)} left`;
        logger.info(`${vm} (${id}): ${state}, ${done} %${rest}`);
      }

      function tell(rows: Row[]): void {
        const [first] = rows;
        const notDone = rows.find(({ state }) => state !== 'migrated');
        ctx.output('state', notDone?.state ?? 'migrated');
        ctx.output(
          'timedOut',
          rows.some(({ state }) => state === 'running' || state === 'paused'),
        );
        ctx.output('link', first?.link ?? '/vm-migrate');
        if (first?.entityRef !== undefined) ctx.output('entityRef', first.entityRef);
        ctx.output('migrations', rows);
      }
    },
  });
}

interface Row {
  readonly migration: string;
  readonly vm: string;
  readonly state: string;
  readonly link: string;
  readonly entityRef?: string;
}

/** With the code of the first failure, which says what to do. */
function failure(ended: readonly MigrationView[]): TemplateError {
  const [first] = ended;
  const error = ended.find(view => view.error !== null)?.error;
  const list = ended.map(({ id, vm, state }) => `${id} of ${vm} is ${state}`).join('; ');
  return new TemplateError(
    error?.code ?? 'STATE_REFUSED',
    [`${list}.`, error?.message, error?.hint, `See ${migrationLink(first?.id ?? '')}`]
      .filter(Boolean)
      .join(' '),
  );
}
