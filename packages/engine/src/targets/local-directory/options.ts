/** How a local directory is configured, as plain data. */
import path from 'node:path';
import { z } from 'zod/v3';

const absolutePath = z
  .string()
  .refine(value => path.isAbsolute(value), 'must be an absolute path')
  .transform(value => path.resolve(value));

export const classOptionsSchema = z
  .object({
    path: absolutePath,
    /** auto: reflink where the file system can, else a sparse copy. reflink: refuse to copy. */
    snapshots: z.enum(['auto', 'reflink', 'copy', 'none']).default('auto'),
    default: z.boolean().default(false),
  })
  .strict();

export const localDirectoryOptionsSchema = z
  .object({ classes: z.record(z.string().min(1), classOptionsSchema) })
  .strict()
  .superRefine(({ classes }, context) => {
    const entries = Object.entries(classes);
    if (entries.length === 0)
      context.addIssue({ code: 'custom', path: ['classes'], message: 'name at least one class' });
    if (entries.filter(([, one]) => one.default).length > 1) {
      context.addIssue({
        code: 'custom',
        path: ['classes'],
        message: 'only one class can be the default',
      });
    }
    for (const [name, { path: folder }] of entries) {
      const inside = entries.find(
        ([other, { path: root }]) => other !== name && isInside(folder, root),
      );
      if (inside === undefined) continue;
      context.addIssue({
        code: 'custom',
        path: ['classes', name, 'path'],
        message: `must not be in the folder of class ${inside[0]}`,
      });
    }
  });

export type ClassOptions = z.infer<typeof classOptionsSchema>;
export type LocalDirectoryOptions = z.infer<typeof localDirectoryOptionsSchema>;

function isInside(folder: string, root: string): boolean {
  const way = path.relative(root, folder);
  return way === '' || (way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way));
}
