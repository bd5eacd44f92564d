/** `start -f migrations.yaml`: what the file asks for, as operations take it. */
import { readFile } from 'node:fs/promises';
import type { MigrationOptions } from '@vm-migrate/api';
import type { parseMigrationsFile } from '@vm-migrate/engine';
import { loadEngine } from './engine-library';
import { operationOptions } from './migration-options';
import { UsageError } from './usage-error';

type MigrationRequest = ReturnType<typeof parseMigrationsFile>['requests'][number];

export interface FileRequest {
  readonly vm: string;
  readonly options: MigrationOptions;
  readonly accept: readonly string[];
}

/** @throws EngineError CONFIG_INVALID with the line */
export async function requestsOfFile(file: string): Promise<FileRequest[]> {
  const engine = await loadEngine();
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `-f ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'docs/migrations-file.md shows what it looks like.',
    );
  }
  return engine.parseMigrationsFile(text, file).requests.map(requestOf);
}

function requestOf({ vm, source, target, options, accept }: MigrationRequest): FileRequest {
  const isWhole =
    source === undefined || vm.startsWith('/') || vm.startsWith('.') || vm.includes('/');
  return {
    vm: isWhole ? vm : `${source}/${vm}`,
    accept,
    options: operationOptions({ ...options, target }),
  };
}
