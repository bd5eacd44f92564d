/** The shape of the section `vmMigrate:`, and what becomes of it: folders absolute, one database. */
import os from 'node:os';
import path from 'node:path';
// The v3 form that zod 4 carries, as packages/api/src/zod.ts says; that file is behind the api's wall.
import { z } from 'zod/v3';

/** Relative folders are meant from the file that names them; `~` is the user's home. */
export function sectionSchema(fileFolder: string, home: string = os.homedir()) {
  const folder = z
    .string()
    .min(1)
    .transform(said =>
      path.resolve(
        fileFolder,
        said === '~' || said.startsWith('~/') ? path.join(home, said.slice(1)) : said,
      ),
    );

  const limit = z
    .object({
      maxRunning: z.number().int().min(0).optional(),
      bytesPerSecond: z.number().int().min(0).optional(),
    })
    .strict();

  const vmDirectory = z
    .object({
      kind: z.literal('vm-directory'),
      folder,
      roots: z.array(folder).optional(),
      datastores: z.record(folder).optional(),
      maxDepth: z.number().int().min(0).optional(),
    })
    .strict();

  const localClass = z
    .object({
      folder,
      snapshots: z.enum(['auto', 'reflink', 'copy', 'none']).default('auto'),
      default: z.boolean().default(false),
    })
    .strict()
    .transform(({ folder: place, ...rest }) => ({ path: place, ...rest }));

  const localDirectory = z
    .object({
      kind: z.literal('local-directory'),
      default: z.boolean().optional(),
      classes: z
        .record(localClass)
        .refine(classes => Object.keys(classes).length > 0, 'at least one storage class'),
    })
    .strict();

  return z
    .object({
      stateFolder: folder.optional(),
      database: database(folder).optional(),
      sources: z.record(name, place(vmDirectory)).optional(),
      targets: z.record(name, place(localDirectory)).optional(),
      limits: z
        .object({
          all: limit.optional(),
          vm: limit.optional(),
          sources: z.record(limit).optional(),
          classes: z.record(limit).optional(),
        })
        .strict()
        .optional(),
    })
    .strict();
}

export type SectionInput = z.infer<ReturnType<typeof sectionSchema>>;
export type LimitInput = NonNullable<NonNullable<SectionInput['limits']>['all']>;

/** In `SOURCE/VM` and in object names. */
const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'a name of letters, digits, ".", "_" and "-", at most 63',
  );

function database(folder: z.ZodType<string, z.ZodTypeDef, string>) {
  const one = 'exactly one of url, urlFile, service and embedded: true';
  return z
    .object({
      url: z.string().optional(),
      urlFile: folder.optional(),
      service: z.string().min(1).optional(),
      embedded: z.boolean().optional(),
    })
    .strict()
    .transform(({ url, urlFile, service, embedded }, context) => {
      const said = [
        ...(url === undefined ? [] : [{ kind: 'url' as const, url }]),
        ...(urlFile === undefined ? [] : [{ kind: 'urlFile' as const, file: urlFile }]),
        ...(service === undefined ? [] : [{ kind: 'service' as const, service }]),
        ...(embedded === true ? [{ kind: 'embedded' as const }] : []),
      ];
      const [first, second] = said;
      if (first !== undefined && second === undefined) return first;
      context.addIssue({ code: z.ZodIssueCode.custom, message: one });
      return z.NEVER;
    });
}

interface PlaceInput {
  readonly kind: string;
  readonly default?: boolean;
  readonly [option: string]: unknown;
}

/** A kind that is known here is checked here; another one (a plugin's) is checked by whoever opens it. */
function place<T extends { kind: string }>(
  known: z.ZodType<T, z.ZodTypeDef, unknown> & { shape: { kind: z.ZodLiteral<string> } },
) {
  const other = z
    .object({ kind: z.string().min(1), default: z.boolean().optional() })
    .passthrough();
  return other.transform((said, context): PlaceInput => {
    if (said.kind !== known.shape.kind.value) return said;
    const parsed = known.safeParse(said);
    if (parsed.success) return { ...parsed.data };
    for (const issue of parsed.error.issues) context.addIssue(issue);
    return z.NEVER;
  });
}
