/**
 * vm-migrate:verify: has every VolumeSnapshot read whole through a restore and compared with its
 * chain at the source. It only asks for it: vm-migrate:wait waits until it is done.
 */
import { createTemplateAction } from '@backstage/plugin-scaffolder-node';
import { callerFor, type BackendDeps } from '../call-backend';
import { DRY_RUN_MIGRATION, migrationId, migrationLink } from '../inputs';
import { verifyExamples } from './examples';

export function verifyAction(deps: BackendDeps) {
  return createTemplateAction({
    id: 'vm-migrate:verify',
    description:
      'Has every VolumeSnapshot of a migration read whole and compared with the source. Wait for it with vm-migrate:wait.',
    supportsDryRun: true,
    examples: verifyExamples,
    schema: {
      input: {
        migration: migrationId,
        snapshots: z =>
          z.array(z.string()).optional().describe('VMware snapshot ids; all when absent'),
      },
      output: {
        steps: z => z.number().describe('VolumeSnapshots that are read'),
        link: z => z.string(),
      },
    },

    async handler(ctx) {
      const { migration, snapshots } = ctx.input;
      ctx.output('link', migrationLink(migration));
      if (ctx.isDryRun === true || migration === DRY_RUN_MIGRATION) {
        ctx.output('steps', 0);
        return;
      }
      const call = callerFor(deps, ctx);
      const steps = await ctx.checkpoint({
        key: `verify:${migration}`,
        fn: async () => {
          // A round that is under way is the one that was asked for: by this task, before it crashed.
          const { steps: known } = await call('describe', { migration });
          const open = known.filter(
            ({ kind, state }) => kind === 'verifySnapshot' && !['done', 'canceled'].includes(state),
          );
          if (open.length > 0) return open.length;
          const asked = { migration, ...(snapshots === undefined ? {} : { snapshots }) };
          return (await call('verify', asked)).steps;
        },
      });
      ctx.logger.info(`${steps} VolumeSnapshots of ${migration} are read whole`);
      ctx.output('steps', steps);
    },
  });
}
