/** From a configured source (a row, or an entry of the configuration) to the Source that reads it. */
import { EngineError } from '../errors';
import type { Source } from './source';
import { vmDirectorySource, type VmDirectoryOptions } from './vm-directory/vm-directory-source';
import { vmHttpsSource, type VmHttpsOptions } from './vm-https/vm-https-source';

export interface ConfiguredSource {
  readonly name: string;
  readonly kind: string;
  /** As the kind's own factory takes them, without the name; checked by config-schema.ts. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Kinds that are part of the product; a plugin may bring others. */
export const SOURCE_KINDS = ['vm-directory', 'vm-https'] as const;

/** Nothing is read. @throws EngineError CONFIG_INVALID for a kind that is not known here */
export function configuredSource({ name, kind, options }: ConfiguredSource): Source {
  switch (kind) {
    case 'vm-directory':
      return vmDirectorySource({ ...(options as unknown as VmDirectoryOptions), name });
    case 'vm-https':
      return vmHttpsSource({ ...(options as unknown as VmHttpsOptions), name });
    default:
      throw new EngineError('CONFIG_INVALID', {
        where: { object: `source ${name}` },
        expected: `kind ${SOURCE_KINDS.join(' or ')}`,
        found: kind,
      });
  }
}
