/** vm-migrate:report: what was done, with digests and proofs, into the workspace and the output. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { resolveSafeChildPath } from '@backstage/backend-plugin-api';
import { createTemplateAction } from '@backstage/plugin-scaffolder-node';
import { reportMarkdown } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { callerFor, type BackendDeps } from '../call-backend';
import { DRY_RUN_MIGRATION, migrationId, migrationLink } from '../inputs';
import { reportExamples } from './examples';

const ENDING = { markdown: 'md', json: 'json' } as const;

export function reportAction(deps: BackendDeps) {
  return createTemplateAction({
    id: 'vm-migrate:report',
    description: 'Writes the report of a migration into the workspace.',
    supportsDryRun: true,
    examples: reportExamples,
    schema: {
      input: {
        migration: migrationId,
        format: z => z.enum(['markdown', 'json']).optional().describe('markdown when absent'),
        path: z =>
          z
            .string()
            .min(1)
            .optional()
            .describe('File in the workspace; vm-migrate-MIGRATION.md (or .json) when absent'),
      },
      output: {
        path: z => z.string().describe('The file, in the workspace'),
        report: z => z.string().describe('Its content'),
        link: z => z.string(),
      },
    },

    async handler(ctx) {
      const { migration, format = 'markdown' } = ctx.input;
      const path = ctx.input.path ?? `vm-migrate-${migration}.${ENDING[format]}`;
      // Before anything is asked for. @throws NotAllowedError for a path that leaves the workspace
      const file = resolveSafeChildPath(ctx.workspacePath, path);
      ctx.output('path', path);
      ctx.output('link', migrationLink(migration));
      if (ctx.isDryRun === true || migration === DRY_RUN_MIGRATION) {
        ctx.output('report', '');
        return;
      }
      const view = await callerFor(deps, ctx)('getReport', { migration });
      const report =
        format === 'markdown' ? reportMarkdown(view) : `${JSON.stringify(view, null, 2)}\n`;
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, report);
      // In the log of a task a name with a dot would be made a link.
      ctx.logger.info(
        `The report of ${migration} is in the workspace, and is the output \`report\``,
      );
      ctx.output('report', report);
    },
  });
}
