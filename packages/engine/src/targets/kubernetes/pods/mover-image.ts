/**
 * Which image a pod runs: the one that was built with this engine, known by its digest, under the
 * name that an administrator put it; or whatever the administrator says.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { EngineError } from '../../../errors';

/** What `npm run image` wrote beside a program. */
export interface BuiltImage {
  readonly name: string;
  readonly tag: string;
  /** Of the manifest: `sha256:...`. */
  readonly digest: string;
  readonly version: string;
  /** SHA-256 of the program that is in it. */
  readonly programSha256: string;
}

/**
 * `undefined`: no image was built with this very program. @param program path of mover.cjs, or of
 * another bundle, with where its facts are from there
 */
export function builtImage(program: string, facts = 'image.json'): BuiltImage | undefined {
  const file = path.join(path.dirname(program), facts);
  const text = textOf(file);
  const bytes = textOf(program);
  if (text === undefined || bytes === undefined) return undefined;
  const { name, tag, digest, version, programSha256 } = JSON.parse(
    text.toString('utf8'),
  ) as Partial<BuiltImage>;
  if (name === undefined || tag === undefined || digest === undefined || version === undefined)
    throw new EngineError('INTERNAL', { where: { file }, found: 'not what npm run image writes' });
  if (programSha256 !== createHash('sha256').update(bytes).digest('hex')) return undefined;
  return { name, tag, digest, version, programSha256 };
}

function textOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/**
 * The reference for a pod. A configured repository without tag and digest gets the built digest; one
 * with either is taken as it is. Without any, the name under which the built image is imported.
 * @throws EngineError CONFIG_INVALID when there is neither
 */
export function imageReference(built: BuiltImage | undefined, configured?: string): string {
  if (configured !== undefined && isExact(configured)) return configured;
  if (built === undefined) {
    throw new EngineError('CONFIG_INVALID', {
      where: { object: 'moverImage' },
      expected: 'an image with its digest, or an engine that knows the one it was built with',
      found: configured ?? 'none',
      hint: 'Run `npm run image`, or set `moverImage` of the target to the full reference.',
    });
  }
  return configured === undefined ? `${built.name}:${built.tag}` : `${configured}@${built.digest}`;
}

/** A colon after the last slash begins a tag; before it, a port. */
function isExact(reference: string): boolean {
  return reference.includes('@') || reference.slice(reference.lastIndexOf('/') + 1).includes(':');
}
