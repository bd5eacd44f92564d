/** From configured plain data to a Target. Another kind of target joins by one more entry (Backstage: by a plugin). */
import type { z } from 'zod/v3';

import { EngineError } from '../errors';
import type { Mover } from '../mover/mover';
import { LocalDirectoryTarget } from './local-directory/local-directory-target';
import { localDirectoryOptionsSchema } from './local-directory/options';
import { openKubernetes } from './kubernetes/open-kubernetes';
import { kubernetesOptionsSchema } from './kubernetes/options';
import type { Target } from './target';

/** One entry of `vmMigrate.targets`: a name, a kind, and what that kind asks for. */
export interface TargetConfig {
  readonly name: string;
  readonly kind: string;
  readonly [option: string]: unknown;
}

export interface TargetDeps {
  /** What runs orders on volumes of this machine. */
  readonly mover: Mover;
  /** Path of the mover's program; the image that a cluster's pods run was built with it. */
  readonly moverProgram?: string;
}

/** How targets of one kind are checked and opened. */
export interface TargetKind<Options> {
  readonly kind: string;
  /** The entry without `name` and `kind`. */
  readonly options: z.ZodType<Options, z.ZodTypeDef, unknown>;
  open(name: string, options: Options, deps: TargetDeps): Target;
}

export const localDirectoryKind: TargetKind<z.infer<typeof localDirectoryOptionsSchema>> = {
  kind: 'local-directory',
  options: localDirectoryOptionsSchema,
  open: (name, options, deps) => new LocalDirectoryTarget(name, options, deps),
};

export const kubernetesKind: TargetKind<z.infer<typeof kubernetesOptionsSchema>> = {
  kind: 'kubernetes',
  options: kubernetesOptionsSchema,
  open: (name, options, { moverProgram }) => openKubernetes(name, options, moverProgram),
};

/**
 * Touches nothing yet: folders and clusters are looked at by the first call.
 * @throws EngineError CONFIG_INVALID naming every option that is wrong
 */
export function openTarget(
  config: TargetConfig,
  deps: TargetDeps,
  moreKinds: readonly TargetKind<unknown>[] = [],
): Target {
  const kinds: readonly TargetKind<unknown>[] = [
    localDirectoryKind as TargetKind<unknown>,
    kubernetesKind as TargetKind<unknown>,
    ...moreKinds,
  ];
  const { name, kind, ...options } = config;
  const chosen = kinds.find(one => one.kind === kind);
  if (chosen === undefined) {
    throw new EngineError('CONFIG_INVALID', {
      where: { object: `target ${name}` },
      expected: `kind ${kinds.map(one => one.kind).join(' or ')}`,
      found: String(kind),
    });
  }
  const parsed = chosen.options.safeParse(options);
  if (parsed.success) return chosen.open(name, parsed.data, deps);
  throw new EngineError('CONFIG_INVALID', {
    where: { object: `target ${name}` },
    found: parsed.error.issues
      .map(issue => [issue.path.join('.'), issue.message].filter(part => part !== '').join(': '))
      .join('; '),
  });
}
