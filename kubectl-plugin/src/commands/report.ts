/** report: what was done, per VMware snapshot, as Markdown or data. */
import { reportMarkdown } from '@vm-migrate/api';
import { EXIT } from '../exit-codes';
import { findMigration } from '../migration-reference';
import { printAnswer } from '../print';
import { defineVerb } from '../verb';

export const report = defineVerb({
  name: 'report',
  group: 'prove',
  summary: 'what was done: files, VolumeSnapshots, bytes, digests, proofs, times',
  details: ['Markdown, unless -o json or -o yaml asks for the data.'],
  positionals: {
    migration: {
      shown: 'VM|MIGRATION',
      describe: 'A VM (its newest migration), or the id of a migration',
      need: 'required',
      names: ['migration'],
    },
  },
  options: {},
  examples: [
    { command: 'report lab/web-1 > web-1.md', why: 'to keep' },
    { command: 'report lab/web-1 -o json', why: 'for a program' },
  ],
  operations: ['getReport'],

  async run({ migration }, session) {
    const { terminal } = session;
    const engine = await session.engine();
    const { id } = await findMigration(engine, migration);
    const view = await engine.call('getReport', { migration: id });
    if (terminal.format === 'markdown') terminal.print(reportMarkdown(view));
    else {
      await printAnswer(terminal, {
        data: { kind: 'Report', ...view },
        names: () =>
          view.snapshots.flatMap(({ disks }) =>
            disks.map(({ volumeSnapshot }) => `volumesnapshot/${volumeSnapshot.name}`),
          ),
        text: () => reportMarkdown(view),
      });
    }
    return EXIT.done;
  },
});
