import { LineCounter, parseDocument, type Document } from 'yaml';

import { EngineError } from '../errors';
import type {
  MigrationRequest,
  MigrationsFile,
  RequestedKeep,
  RequestedOptions,
} from './migrations-file';
import { z } from './zod';

const MAX_LENGTH = 4 * 1024 * 1024;
const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

const text = z.string().min(1, 'must not be empty');
/** As the operations take it: no blanks, since it becomes an image's reference. */
const image = z
  .string()
  .max(1_000)
  .regex(/^\S+$/, 'expected the reference of an image, without blanks');
const age = z.string().regex(/^\d{1,6}[mhdw]$/, "expected a number and m, h, d or w, e.g. '30d'");

/** `all`, or exactly one of `newest: 3`, `names: [before update]`, `youngerThan: 30d`. */
const keep = z.union(
  [
    z.literal('all'),
    z.strictObject({ newest: z.number().int().positive() }),
    z.strictObject({ names: z.array(text).min(1) }),
    z.strictObject({ youngerThan: age }),
  ],
  {
    errorMap: () => ({
      message: "expected 'all', or one of newest: N, names: [...], youngerThan: 30d",
    }),
  },
);

const settings = {
  source: text.optional(),
  target: text.optional(),
  storageClass: text.optional(),
  keep: keep.optional(),
  cutCurrent: z.boolean().optional(),
  sampleWindows: z.number().int().nonnegative().max(4096).optional(),
  moverImage: image.optional(),
};

const disk = z
  .strictObject({ disk: text, leaveOut: z.literal(true).optional(), storageClass: text.optional() })
  .refine(each => each.leaveOut === undefined || each.storageClass === undefined, {
    message: 'a disk is either left out or gets a storage class',
  });

const migration = z.strictObject({
  vm: text,
  ...settings,
  namePrefix: text.optional(),
  disks: z.array(disk).optional(),
  accept: z.array(text).optional(),
});

const fileSchema = z.strictObject({
  version: z.literal(1),
  defaults: z.strictObject(settings).optional(),
  migrations: z.array(migration).min(1, 'names no VM'),
});

/**
 * Reads `migrations.yaml`:
 *
 *     version: 1
 *     defaults: { source: lab, target: cluster, keep: { newest: 5 } }
 *     migrations:
 *       - vm: web-1
 *         namePrefix: shop-web
 *         disks:
 *           - { disk: 'scsi0:1', leaveOut: true }
 *           - { disk: 'scsi0:2', storageClass: fast }
 *       - vm: lab/db-1
 *         keep: all
 *         accept: [disk-left-out:4f1c]
 *
 * @param file for error messages
 * @throws EngineError CONFIG_INVALID with the line
 */
export function parseMigrationsFile(content: string, file: string): MigrationsFile {
  if (content.length > MAX_LENGTH) throw invalid(file, undefined, `${content.length} characters`);
  const lines = new LineCounter();
  const document = parseDocument(content, { lineCounter: lines, uniqueKeys: true });
  const [flaw] = document.errors;
  if (flaw !== undefined) {
    throw invalid(file, lines.linePos(flaw.pos[0]).line, flaw.message.split('\n')[0] ?? flaw.code);
  }
  const parsed = fileSchema.safeParse(toPlain(document, file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = [...(issue?.path ?? []), ...unknownKey(issue)];
    const found = `${path.join('.') || 'the file'}: ${issue?.message ?? 'something else'}`;
    throw invalid(file, lineOf(document, lines, path), found);
  }
  const { defaults = {}, migrations } = parsed.data;
  const requests = migrations.map((each, index) =>
    requestOf(each, defaults, lineOf(document, lines, ['migrations', index]) ?? 1),
  );
  refuseTwins(requests, file);
  return { requests };
}

type Settings = NonNullable<z.infer<typeof fileSchema>['defaults']>;

function requestOf(
  given: z.infer<typeof migration>,
  defaults: Settings,
  line: number,
): MigrationRequest {
  const { vm, namePrefix, disks = [], accept = [], ...own } = given;
  const {
    source,
    target,
    storageClass,
    keep: rule,
    cutCurrent,
    sampleWindows,
    moverImage,
  } = { ...defaults, ...own };
  const classes = disks.flatMap(each =>
    each.storageClass === undefined ? [] : [[each.disk, each.storageClass] as const],
  );
  const options: RequestedOptions = {
    ...(disks.some(each => each.leaveOut)
      ? { leaveOutDisks: disks.filter(each => each.leaveOut).map(each => each.disk) }
      : {}),
    ...(rule === undefined ? {} : { keep: keepOf(rule) }),
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(classes.length === 0 ? {} : { storageClassByDisk: Object.fromEntries(classes) }),
    ...(namePrefix === undefined ? {} : { namePrefix }),
    ...(cutCurrent === undefined ? {} : { cutCurrent }),
    ...(sampleWindows === undefined ? {} : { sampleWindows }),
    ...(moverImage === undefined ? {} : { moverImage }),
  };
  return {
    vm,
    ...(source === undefined ? {} : { source }),
    ...(target === undefined ? {} : { target }),
    options,
    accept,
    line,
  };
}

function keepOf(rule: z.infer<typeof keep>): RequestedKeep {
  if (rule === 'all') return { rule: 'all' };
  if ('newest' in rule) return { rule: 'newest', count: rule.newest };
  if ('names' in rule) return { rule: 'names', names: rule.names };
  return { rule: 'age', maxAgeMs: parseAge(rule.youngerThan) };
}

/** `90m`, `12h`, `30d`, `4w` as milliseconds. @throws EngineError USAGE */
export function parseAge(words: string): number {
  const unit = UNIT_MS[words.slice(-1) as keyof typeof UNIT_MS];
  if (age.safeParse(words).success) return Number(words.slice(0, -1)) * unit;
  throw new EngineError('USAGE', {
    expected: "an age as '90m', '12h', '30d' or '4w'",
    found: `'${words}'`,
  });
}

function refuseTwins(requests: readonly MigrationRequest[], file: string): void {
  const seen = new Map<string, number>();
  for (const { vm, source, line } of requests) {
    const key = vm.includes('/') || source === undefined ? vm : `${source}/${vm}`;
    const first = seen.get(key);
    if (first !== undefined)
      throw invalid(file, line, `VM '${vm}' a second time; it stands in line ${first} already`);
    seen.set(key, line);
  }
}

/** Aliases are followed a bounded number of times: a few lines must not become gigabytes. */
function toPlain(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw invalid(file, undefined, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function unknownKey(issue: z.ZodIssue | undefined): readonly string[] {
  return issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
}

/** Line of the node at a path, or of the nearest one around it. */
function lineOf(
  document: Document,
  lines: LineCounter,
  path: readonly (string | number)[],
): number | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (
      typeof node !== 'object' ||
      node === null ||
      !('range' in node) ||
      !Array.isArray(node.range)
    )
      continue;
    const start: unknown = node.range[0];
    if (typeof start === 'number') return lines.linePos(start).line;
  }
  return undefined;
}

function invalid(
  file: string,
  line: number | undefined,
  found: string,
  cause?: unknown,
): EngineError {
  return new EngineError('CONFIG_INVALID', {
    where: { file, ...(line === undefined ? {} : { line }) },
    expected: "a migrations file: 'version: 1' and a list 'migrations' of VMs",
    found,
    hint: 'docs/migrations-file.md has an example of every setting.',
    cause,
  });
}
