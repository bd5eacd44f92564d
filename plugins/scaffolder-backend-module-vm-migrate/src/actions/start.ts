/**
 * vm-migrate:start: accepts a plan and lets the workers begin. Again it finds what it started: a task
 * that is taken up after a crash, or run once more, makes no second migration.
 */
import { createTemplateAction } from '@backstage/plugin-scaffolder-node';
import { templateOptions } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { callerFor, type BackendDeps } from '../call-backend';
import { assertNotBlocked } from '../findings';
import { DRY_RUN_MIGRATION, migrationLink, vmInputs, type StartInput } from '../inputs';
import { namedVm } from '../named-vm';
import { startExamples } from './examples';
import { planInTemplateWords } from '../template-words';

export function startAction(deps: BackendDeps) {
  return createTemplateAction({
    id: 'vm-migrate:start',
    description: 'Starts the migration of a VM with its snapshots. A dry run only plans it.',
    supportsDryRun: true,
    examples: startExamples,
    schema: {
      input: {
        ...vmInputs,
        planDigest: z => z.string().optional().describe('Start only if the plan is still this one'),
        group: z => z.string().optional().describe('Migrations with the same are one group'),
      },
      output: {
        migration: z => z.string().describe('Id of the migration'),
        vm: z => z.string().describe('Name of the VM'),
        state: z => z.string(),
        outcome: z => z.enum(['started', 'already', 'dry-run']),
        planDigest: z => z.string(),
        link: z => z.string().describe("The migration's page, below the address of Backstage"),
      },
    },

    async handler(ctx) {
      const { input, logger } = ctx;
      const call = callerFor(deps, ctx);
      const vm = await namedVm(deps.catalog, await ctx.getInitiatorCredentials(), input.vm);
      const asked: StartInput = {
        vm,
        options: templateOptions(input),
        ...(input.planDigest === undefined ? {} : { planDigest: input.planDigest }),
        ...(input.accept === undefined ? {} : { accept: input.accept }),
        ...(input.group === undefined ? {} : { groupId: input.group }),
      };
      if (ctx.isDryRun === true) {
        const plan = planInTemplateWords(await call('plan', { vm, options: asked.options }));
        assertNotBlocked(plan, input.accept);
        say({
          migration: DRY_RUN_MIGRATION,
          vm: plan.vm.name,
          state: 'dry-run',
          outcome: 'dry-run',
          planDigest: plan.digest,
        });
        return;
      }
      const start = async () => {
        const { migration, vm: name, state, outcome, planDigest } = await call('start', asked);
        return { migration, vm: name, state, outcome, planDigest };
      };
      // One step may start many VMs: the key tells them apart.
      const started = await ctx.checkpoint({ key: `start:${vm}`, fn: start });
      const [now] = await call('getMigrations', { migration: started.migration });
      // Also where somebody canceled it while this task was away: whoever wants it after all runs the template again.
      say({ ...started, state: now?.state ?? started.state });

      function say(what: Started): void {
        logger.info(
          what.outcome === 'dry-run'
            ? `${what.vm} would be migrated by plan ${what.planDigest}`
            : `${what.vm}: migration ${what.migration} ${what.outcome}, ${what.state}`,
        );
        for (const [name, value] of Object.entries(what) as [keyof Started, string][])
          ctx.output(name, value as never);
        ctx.output('link', migrationLink(what.migration));
      }
    },
  });
}

interface Started {
  readonly migration: string;
  readonly vm: string;
  readonly state: string;
  readonly outcome: 'started' | 'already' | 'dry-run';
  readonly planDigest: string;
}
