/**
 * Names of entities from what stays when a VM is renamed. Entity names are compared without case,
 * have at most 63 letters, digits and `-_.`, and must differ where what they are made of differs.
 */
import { createHash } from 'node:crypto';

const LONGEST = 63;
const HASH_DIGITS = 16;

/**
 * The parts with dots between, where that says all of it: `lab.3f2a9c10d4e5b6a7`. Else what can be
 * read of them and a hash, set off by `_`, which the first form never holds.
 */
export function entityName(...parts: readonly string[]): string {
  const plain = parts.join('.');
  if (parts.every(isPlain) && plain.length <= LONGEST) return plain;
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  const words = parts
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST - HASH_DIGITS - 1)
    .replace(/^-+|-+$/g, '');
  return `${words || 'vm'}_${hash.slice(0, HASH_DIGITS)}`;
}

function isPlain(part: string): boolean {
  return /^[a-z0-9]+(-+[a-z0-9]+)*$/.test(part);
}
