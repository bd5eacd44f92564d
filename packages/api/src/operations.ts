/**
 * Every operation of vm-migrate: its name, whether it only looks, and what it takes. The CLI, the
 * HTTP routes, template actions and agents' actions are rendered from this list; what an operation
 * answers is in views.ts, its code in the engine's operations/<name>.ts.
 */
import { z } from './zod';

/** A field that nobody knows is a mistake that would go unnoticed: it is refused by name. */
function object<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.object(shape).strict();
}

/** What PostgreSQL stores as text has no NUL in it. */
const WITHOUT_NUL = /^[^\0]*$/;

/** A name or an id that somebody gave. */
function text(maxLength = 1_000) {
  return z.string().max(maxLength).regex(WITHOUT_NUL, 'a text without NUL characters');
}

/** PostgreSQL's integer, which counts and offsets are. */
const MAX_COUNT = 2 ** 31 - 1;
const MAX_ID = Number.MAX_SAFE_INTEGER;
const MAX_RATE_BYTES = 10 ** 15;
/** A hundred years: what is older than this is nothing of ours. */
const MAX_AGE_MS = 100 * 365 * 24 * 3_600_000;

const vmReference = text(4_096)
  .min(1)
  .describe('SOURCE/NAME, NAME where it is unique, or a path to a folder with a VM');
const migrationId = z
  .string()
  .regex(/^m-[a-z0-9]+$/)
  .describe('Id of a migration');
const digest = z.string().regex(/^[0-9a-f]{64}$/);

export const keepRule = z.discriminatedUnion('rule', [
  object({ rule: z.literal('all') }),
  object({ rule: z.literal('newest'), count: z.number().int().min(0).max(MAX_COUNT) }),
  object({ rule: z.literal('names'), names: z.array(text()) }),
  object({ rule: z.literal('age'), maxAgeMs: z.number().int().positive().max(MAX_AGE_MS) }),
]);

/** What a person chooses for one VM. Every field has a default. */
export const migrationOptions = object({
  target: text().optional().describe('Configured target; the default one when absent'),
  storageClass: text().optional().describe('One class for all volumes'),
  storageClassByDisk: z
    .record(text(), text())
    .optional()
    .describe('Disk (slot, file or id) -> class'),
  leaveOutDisks: z.array(text()).optional().describe('Disks that are not migrated'),
  keep: keepRule
    .optional()
    .describe(
      'Which snapshots become VolumeSnapshots; the rest is merged into the next kept state',
    ),
  namePrefix: z
    .string()
    .regex(/^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$/)
    .optional()
    .describe('Prefix of all object names'),
  moverImage: z
    .string()
    .max(1_000)
    .regex(/^[^\s\0]+$/)
    .optional()
    .describe('Image of the movers of this migration, on a Kubernetes target'),
  cutCurrent: z.boolean().optional().describe('Take a VolumeSnapshot of the current state as well'),
  sampleWindows: z
    .number()
    .int()
    .min(0)
    .max(10_000)
    .optional()
    .describe('Random windows compared through a restore, per disk'),
});
export type MigrationOptions = z.infer<typeof migrationOptions>;

const planInput = object({ vm: vmReference, options: migrationOptions.optional() });

const startInput = planInput.extend({
  planDigest: digest.optional().describe('Start only if the plan is still this one'),
  accept: z.array(text()).optional().describe('Ids of findings that are accepted'),
  groupId: text().optional(),
  begin: z
    .enum(['now', 'when-resumed'])
    .optional()
    .describe('`when-resumed`: accepted and paused, nothing is written until it is resumed'),
  beginAt: z
    .string()
    .datetime({ offset: true })
    .optional()
    .describe(
      'Accepted and paused until then; `resume` begins it before, `pause` forgets the time',
    ),
});

const migrationInput = object({ migration: migrationId });

/** Part of a text, looked for in any case. */
const part = text(200).min(1);

/** Which migrations; what is absent narrows nothing, what is given must all hold. */
const filterInput = object({
  migration: migrationId.optional(),
  vm: vmReference.optional(),
  vmPart: part.optional().describe("Part of the VM's name"),
  source: text().optional(),
  target: text().optional(),
  owner: text().optional().describe("Owner of the VM's entity, as an entity ref"),
  group: text().optional(),
  states: z.array(z.enum(['running', 'paused', 'failed', 'migrated', 'canceled'])).optional(),
  text: part
    .optional()
    .describe('Each word is part of id, group, VM, source, target, entity, owner or who started'),
});

/** Cursor of events. */
const eventId = z.number().int().min(0).max(MAX_ID);

/** A part of a list that is too long for one answer. */
const page = {
  limit: z.number().int().min(1).max(500).optional().describe('At most so many; all when absent'),
  offset: z.number().int().min(0).max(MAX_COUNT).optional().describe('So many are left out first'),
};

const migrationSort = object({
  by: z.enum(['created', 'finished', 'vm', 'state', 'progress']),
  order: z.enum(['asc', 'desc']),
}).describe(
  'By state: failed, paused, running, migrated, canceled. What has no value comes last; newest first when absent',
);

const limitScope = z
  .string()
  .max(300)
  .regex(/^(all|vm|(source|class):[^\0]+)$/)
  .describe('all, vm (each), source:NAME or class:NAME');

export interface OperationDefinition<Input extends z.ZodTypeAny = z.ZodTypeAny> {
  readonly kind: 'query' | 'command';
  /** One line, for help texts and actions. */
  readonly summary: string;
  readonly input: Input;
  /** A command that does its work again each time that it is called; others find what was done. */
  readonly repeats?: true;
  /** A command that removes something for good. */
  readonly destructive?: true;
}

function define<Input extends z.ZodTypeAny>(
  definition: OperationDefinition<Input>,
): OperationDefinition<Input> {
  return definition;
}

export const OPERATIONS = {
  getSources: define({
    kind: 'query',
    summary: 'Configured sources and what they can see',
    input: object({}),
  }),
  getTargets: define({
    kind: 'query',
    summary: 'Configured targets, their storage classes, and the proof that those take snapshots',
    input: object({}),
  }),
  getVms: define({
    kind: 'query',
    summary: 'VMs of the configured sources',
    input: object({
      source: text()
        .optional()
        .describe('Only of this source, whose error is then an error; of all: those that answer'),
      with: z
        .array(z.enum(['snapshots']))
        .optional()
        .describe('What takes longer: `snapshots` reads the list of snapshots of each VM'),
    }),
  }),
  getMigrations: define({
    kind: 'query',
    summary: 'Migrations and how far they are',
    input: filterInput.extend({ ...page, sort: migrationSort.optional() }),
  }),
  countMigrations: define({
    kind: 'query',
    summary: 'How many migrations there are, by state',
    input: filterInput,
  }),
  getLayers: define({
    kind: 'query',
    summary: 'The flag of every base and delta',
    input: filterInput.extend(page),
  }),
  getSnapshots: define({
    kind: 'query',
    summary: 'VMware snapshots and their VolumeSnapshots',
    input: filterInput.extend(page),
  }),
  getObjects: define({
    kind: 'query',
    summary: 'Volumes and VolumeSnapshots of migrations, by name: what a cancel keeps or removes',
    input: filterInput.extend({
      migrations: z.array(migrationId).min(1).max(500).optional().describe('Only of these'),
    }),
  }),
  getWorkers: define({
    kind: 'query',
    summary: 'Workers and what they serve',
    input: object({}),
  }),
  getQueue: define({
    kind: 'query',
    summary: 'Who works on what, and why the next steps wait',
    input: object({
      migration: migrationId.optional(),
      source: text().optional(),
      target: text().optional(),
      worker: text().optional().describe('Id of a worker: what it has in hand'),
      states: z.array(z.enum(['running', 'waiting', 'queued', 'ready', 'paused'])).optional(),
      ...page,
    }),
  }),
  getTree: define({
    kind: 'query',
    summary: "A VM's snapshot history, before, during and after",
    input: object({ vm: vmReference }),
  }),
  getStatus: define({
    kind: 'query',
    summary: 'Running migrations, disk by disk',
    input: filterInput.extend(page),
  }),
  describe: define({
    kind: 'query',
    summary: 'Everything about one migration: facts, waits, events, next command',
    input: migrationInput,
  }),
  getEvents: define({
    kind: 'query',
    summary: 'What happened, by cursor',
    input: object({
      migration: migrationId.optional(),
      after: eventId.optional().describe('Those with a greater id, the oldest of them'),
      before: eventId
        .optional()
        .describe('Those with a smaller id, the newest of them; still oldest first'),
      limit: z.number().int().min(1).max(1000).optional(),
    }),
  }),
  getReport: define({
    kind: 'query',
    summary: 'What was done, per VMware snapshot, with digests and proofs',
    input: migrationInput,
  }),
  getLimits: define({
    kind: 'query',
    summary: 'How much may run at once, and how fast',
    input: object({}),
  }),
  getPlace: define({
    kind: 'query',
    summary: 'Where this program is: database, store, workers',
    input: object({}),
  }),
  plan: define({
    kind: 'query',
    summary: 'What a migration would do, cost and lose; writes nothing',
    input: planInput,
  }),
  start: define({ kind: 'command', summary: 'Accept a plan and begin', input: startInput }),
  pause: define({
    kind: 'command',
    summary: 'Stop after the window in hand',
    input: migrationInput,
  }),
  resume: define({ kind: 'command', summary: 'Go on after a pause', input: migrationInput }),
  retry: define({ kind: 'command', summary: 'Try failed steps again', input: migrationInput }),
  cancel: define({
    kind: 'command',
    summary: 'Give a migration up; says what happens to the objects on the target',
    destructive: true,
    input: migrationInput.extend({ objects: z.enum(['keep-all', 'keep-snapshots', 'remove-all']) }),
  }),
  verify: define({
    kind: 'command',
    repeats: true,
    summary:
      'Read every VolumeSnapshot through a restore and compare it with its chain at the source',
    input: migrationInput.extend({
      snapshots: z.array(text()).optional().describe('VMware snapshot ids; all when absent'),
    }),
  }),
  setLimit: define({
    kind: 'command',
    summary: 'Change a limit while work goes on',
    input: object({
      scope: limitScope,
      maxRunning: z.number().int().min(0).max(MAX_COUNT).nullable().optional(),
      bytesPerSecond: z.number().int().min(1).max(MAX_RATE_BYTES).nullable().optional(),
    }),
  }),
  recover: define({
    kind: 'command',
    summary: 'Rebuild the records of a VM from what stands on the target',
    input: planInput.extend({
      accept: z.array(text()).optional(),
      takeOver: z.boolean().optional(),
    }),
  }),
  cleanup: define({
    kind: 'command',
    summary: 'List, then remove, objects on a target that no migration needs; forget old records',
    destructive: true,
    input: object({
      target: text().optional(),
      remove: z.boolean().optional().describe('Without it: only list'),
      recordsOlderThanMs: z.number().int().positive().max(MAX_AGE_MS).optional(),
    }),
  }),
} as const;

export type OperationName = keyof typeof OPERATIONS;
export type OperationInput<Name extends OperationName> = z.infer<
  (typeof OPERATIONS)[Name]['input']
>;
