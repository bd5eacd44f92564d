/** Credentials come from where they are kept, when they are needed; they stay in memory for a moment. */
import { readFile } from 'node:fs/promises';

import { EngineError } from '../../errors';
import type { CredentialsReference } from '../source';

/** A mounted Secret changes under us. */
const FRESH_MS = 30_000;

/** The header `Authorization` of a request; `undefined` without credentials. */
export type Authorization = () => Promise<string | undefined>;

/** @throws EngineError CONFIG_INVALID, when asked and there is nothing usable there; it never repeats what it read */
export function authorization(reference: CredentialsReference | undefined): Authorization {
  if (reference === undefined) return async () => undefined;
  let known: { readonly header: string; readonly until: number } | undefined;
  return async () => {
    if (known !== undefined && Date.now() < known.until) return known.header;
    const header = headerOf(await textAt(reference), reference);
    known = { header, until: Date.now() + FRESH_MS };
    return header;
  };
}

async function textAt(reference: CredentialsReference): Promise<string> {
  if ('env' in reference) {
    const text = process.env[reference.env];
    if (text !== undefined && text.trim() !== '') return text.trim();
    throw unusable(reference, 'nothing');
  }
  const text = await readFile(reference.file, 'utf8').catch((cause: unknown) => {
    throw unusable(
      reference,
      (cause as NodeJS.ErrnoException).code ?? 'a file that cannot be read',
    );
  });
  return text.trim();
}

function headerOf(text: string, reference: CredentialsReference): string {
  const [, token] = /^bearer\s+([\x21-\x7e]+)$/i.exec(text) ?? [];
  if (token !== undefined) return `Bearer ${token}`;
  // eslint-disable-next-line no-control-regex -- what must not be in a header
  if (/^[^:]+:/.test(text) && !/[\x00-\x1f\x7f]/.test(text))
    return `Basic ${Buffer.from(text).toString('base64')}`;
  throw unusable(reference, 'something else (not repeated here)');
}

function unusable(reference: CredentialsReference, found: string): EngineError {
  return new EngineError('CONFIG_INVALID', {
    where:
      'env' in reference
        ? { object: `environment variable ${reference.env}` }
        : { file: reference.file },
    expected: 'USER:PASSWORD, or Bearer TOKEN',
    found,
  });
}
