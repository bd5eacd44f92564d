/** pause, resume, retry: one wish about one or several migrations. */
import type { MigrationView, OperationName } from '@vm-migrate/api';
import { EXIT, exitOfAll, type ExitCode } from '../exit-codes';
import { findMigration } from '../migration-reference';
import { printable } from '../output/escape';
import { listOf, printAnswer } from '../print';
import { reportFailure } from '../report-failure';
import { defineVerb, type Verb } from '../verb';
import { PROGRAM } from '../version';

type Change = Extract<OperationName, 'pause' | 'resume' | 'retry'>;

export const pause = changeVerb(
  'pause',
  'stop after the windows in hand',
  view => `${nameOf(view)} pauses. Go on with: ${PROGRAM} resume ${view.id}`,
);
export const resume = changeVerb(
  'resume',
  'go on after a pause',
  view => `${nameOf(view)} goes on. Watch it: ${PROGRAM} status ${view.id} --watch`,
);
export const retry = changeVerb(
  'retry',
  'try failed steps again, when the cause is gone',
  retryWords,
);

function retryWords(view: MigrationView): string {
  return view.state === 'failed'
    ? `${nameOf(view)} failed again. See: ${PROGRAM} describe ${view.id}`
    : `${nameOf(view)} is ${view.state}. Watch it: ${PROGRAM} status ${view.id} --watch`;
}

function nameOf({ id, source, vm }: MigrationView): string {
  return `${id} (${printable(source)}/${printable(vm)})`;
}

function changeVerb(name: Change, summary: string, words: (view: MigrationView) => string): Verb {
  return defineVerb({
    name,
    group: 'do',
    summary,
    positionals: {
      migrations: {
        shown: 'MIGRATION',
        describe: 'Id of a migration, or a VM (its newest migration)',
        need: 'many',
        names: ['migration'],
      },
    },
    options: {},
    examples: [{ command: `${name} lab/web-1`, why: summary }],
    operations: [name],

    async run({ migrations }, session) {
      const engine = await session.engine();
      const views: MigrationView[] = [];
      const codes: ExitCode[] = [];
      for (const reference of migrations) {
        try {
          const { id } = await findMigration(engine, reference);
          views.push(await engine.call(name, { migration: id }));
          codes.push(EXIT.done);
        } catch (error) {
          codes.push(await reportFailure(error, session.terminal));
        }
      }
      if (views.length > 0) {
        await printAnswer(session.terminal, {
          data: views.length === 1 ? { kind: 'Migration', ...views[0] } : listOf(views),
          names: () => views.map(({ id }) => `migration/${id}`),
          text: () => views.map(words),
        });
      }
      return exitOfAll(codes);
    },
  });
}
