/** vm-migrate:plan: what a migration would do, cost and lose. Writes nothing. */
import { createTemplateAction } from '@backstage/plugin-scaffolder-node';
import { templateOptions } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { callerFor, type BackendDeps } from '../call-backend';
import { assertNotBlocked, blockingOf, findingLine, planMarkdown } from '../findings';
import { vmInputs } from '../inputs';
import { namedVm } from '../named-vm';
import { planExamples } from './examples';
import { planInTemplateWords } from '../template-words';

export function planAction(deps: BackendDeps) {
  return createTemplateAction({
    id: 'vm-migrate:plan',
    description:
      'Plans the migration of a VM with its snapshots, and shows what was found. Stops the template when a finding blocks that nobody accepted.',
    supportsDryRun: true,
    examples: planExamples,
    schema: {
      input: {
        ...vmInputs,
        onBlocking: z =>
          z
            .enum(['stop', 'continue'])
            .optional()
            .describe('What a blocking finding that nobody accepted does; stop when absent'),
      },
      output: {
        planDigest: z => z.string().describe('Start takes it, and then starts no other plan'),
        vm: z => z.string().describe('SOURCE/ID of the VM'),
        name: z => z.string().describe('Name of the VM'),
        target: z => z.string(),
        findings: z =>
          z.array(
            z.object({
              id: z.string(),
              severity: z.enum(['blocks', 'warns', 'informs']),
              object: z.string(),
              cause: z.string(),
              remedy: z.string(),
              acceptable: z.boolean(),
            }),
          ),
        blocking: z => z.array(z.string()).describe('Ids of what blocks and nobody accepted'),
        summary: z => z.string().describe('Markdown'),
      },
    },

    async handler(ctx) {
      const { input, logger } = ctx;
      const vm = await namedVm(deps.catalog, await ctx.getInitiatorCredentials(), input.vm);
      const plan = planInTemplateWords(
        await callerFor(deps, ctx)('plan', { vm, options: templateOptions(input) }),
      );
      for (const finding of plan.findings) {
        if (finding.severity === 'informs') logger.info(findingLine(finding));
        else logger.warn(findingLine(finding));
      }
      const blocking = blockingOf(plan, input.accept);
      ctx.output('planDigest', plan.digest);
      ctx.output('vm', `${plan.vm.source}/${plan.vm.id}`);
      ctx.output('name', plan.vm.name);
      ctx.output('target', plan.target);
      ctx.output(
        'findings',
        plan.findings.map(({ id, severity, object, cause, remedy, acceptable }) => ({
          id,
          severity,
          object,
          cause,
          remedy,
          acceptable,
        })),
      );
      ctx.output(
        'blocking',
        blocking.map(({ id }) => id),
      );
      ctx.output('summary', planMarkdown(plan, input.accept));
      if (input.onBlocking !== 'continue') assertNotBlocked(plan, input.accept);
    },
  });
}
