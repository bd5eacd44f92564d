/** The shape of the section `vmMigrate:`, and what becomes of it: folders absolute, one database. */
import { isIP } from 'node:net';
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
      pods: z
        .union([
          z
            .object({
              persistentVolumeClaim: z.string().min(1),
              path: z.string().min(1).optional(),
            })
            .strict(),
          z
            .object({
              nfs: z
                .object({ server: z.string().min(1), path: z.string().startsWith('/') })
                .strict(),
            })
            .strict(),
          z.object({ hostPath: z.string().startsWith('/') }).strict(),
        ])
        .optional(),
    })
    .strict();

  const vmHttps = z
    .object({
      kind: z.literal('vm-https'),
      url: serverUrl,
      caFile: folder.optional(),
      credentials: z
        .union([
          z.object({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }).strict(),
          z.object({ file: folder }).strict(),
        ])
        .optional(),
      datastores: z.record(z.string()).optional(),
      allowAddresses: z.array(addressRule).optional(),
      denyAddresses: z.array(addressRule).optional(),
      allowPlainHttp: z.boolean().optional(),
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

  // The rest is checked by whoever opens it (targets/kubernetes/options.ts): only the path is ours to resolve.
  const kubernetes = z
    .object({
      kind: z.literal('kubernetes'),
      default: z.boolean().optional(),
      kubeconfig: folder.optional(),
    })
    .passthrough();

  return z
    .object({
      stateFolder: folder.optional(),
      database: database(folder).optional(),
      // The backend that the command line calls instead of a database.
      apiUrl: apiUrl.optional(),
      apiTokenFile: folder.optional(),
      // Of a backend; the command line takes no notice of it.
      requests: z
        .object({
          maxBytes: z.number().int().min(1_024).optional(),
          changesPerMinute: z.number().int().min(1).optional(),
        })
        .strict()
        .optional(),
      // Of a backend that is on a person's own machine; the command line looks for the cluster anyway.
      kubectlCluster: z.enum(['offered', 'default']).optional(),
      sources: z.record(name, place(vmDirectory, vmHttps)).optional(),
      targets: z.record(name, place(localDirectory, kubernetes)).optional(),
      worker: z
        .object({
          // Of a backend's own worker.
          enabled: z.boolean().optional(),
          concurrency: z.number().int().min(1).optional(),
          leaseSeconds: z.number().min(2).optional(),
          // Of one in the foreground.
          healthPort: port.optional(),
          metricsPort: port.optional(),
          listen: z.string().min(1).optional(),
        })
        .strict()
        .optional(),
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

const port = z.number().int().min(1).max(65_535);

/** In `SOURCE/VM` and in object names. */
const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'a name of letters, digits, ".", "_" and "-", at most 63',
  );

const apiUrl = z
  .string()
  .refine(
    said =>
      URL.canParse(said) &&
      /^https?:$/.test(new URL(said).protocol) &&
      new URL(said).username === '' &&
      new URL(said).password === '' &&
      new URL(said).search === '' &&
      new URL(said).hash === '',
    'https://HOST[:PORT][/PATH], without user name, password, "?" or "#"',
  );

/** It goes into the database and into orders: what is secret has no place in it, and is not repeated either. */
const serverUrl = z
  .string()
  .refine(
    said =>
      URL.canParse(said) &&
      /^https?:$/.test(new URL(said).protocol) &&
      new URL(said).username === '' &&
      new URL(said).password === '' &&
      new URL(said).hash === '',
    'https://HOST[:PORT]/FOLDER, without user name, password or "#": credentials are named under `credentials`',
  );

const addressRule = z
  .string()
  .refine(
    said => /^[^/]+(\/\d{1,3})?$/.test(said) && isIP(said.replace(/\/.*$/, '')) !== 0,
    'an IP address, or a block such as 10.0.0.0/8',
  );

function database(folder: z.ZodType<string, z.ZodTypeDef, string>) {
  const one = 'exactly one of url, urlFile, service and embedded: true';
  const fields = z
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
  return z.union([z.literal('embedded').transform(() => ({ kind: 'embedded' as const })), fields]);
}

interface PlaceInput {
  readonly kind: string;
  readonly default?: boolean;
  readonly [option: string]: unknown;
}

type KnownKind = z.ZodType<{ kind: string }, z.ZodTypeDef, unknown> & {
  shape: { kind: z.ZodLiteral<string> };
};

/** A kind that is known here is checked here; another one (a plugin's) is checked by whoever opens it. */
function place(...kinds: readonly KnownKind[]) {
  const other = z
    .object({ kind: z.string().min(1), default: z.boolean().optional() })
    .passthrough();
  return other.transform((said, context): PlaceInput => {
    const known = kinds.find(one => one.shape.kind.value === said.kind);
    if (known === undefined) return said;
    const parsed = known.safeParse(said);
    if (parsed.success) return { ...parsed.data };
    for (const issue of parsed.error.issues) context.addIssue(issue);
    return z.NEVER;
  });
}
