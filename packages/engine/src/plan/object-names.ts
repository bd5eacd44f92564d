import { createHash } from 'node:crypto';

import { canonicalJson } from '../canonical-json';

/** A generation suffix (`-g12`) must still fit into a DNS label of 63 characters behind it. */
export const VOLUME_NAME_LENGTH = 55;
export const VOLUME_SNAPSHOT_NAME_LENGTH = 63;

const HASH_LENGTH = 10;

/** What makes an object the one it is; equal identities get equal names, on every machine, for ever. */
export type ObjectIdentity = readonly string[];

/**
 * Hands out the names of one plan's objects: readable words, then a hash of the identity, so that
 * two VMs of one name never meet. DNS labels (RFC 1123); never the same name twice.
 */
export class ObjectNames {
  private readonly given = new Set<string>();

  /** @param words already readable: the VM's prefix, the disk's label, a snapshot's name */
  name(words: readonly string[], identity: ObjectIdentity, maxLength: number): string {
    for (let attempt = 0; ; attempt += 1) {
      const hash = hashOf(attempt === 0 ? identity : [...identity, String(attempt)]);
      const readable = cut(
        words.filter(word => word !== '').join('-'),
        maxLength - HASH_LENGTH - 1,
      );
      const name = readable === '' ? hash : `${readable}-${hash}`;
      if (this.given.has(name)) continue;
      this.given.add(name);
      return name;
    }
  }
}

/**
 * Text of any script as part of a DNS label: Latin letters without their accents, digits and single
 * dashes, at most `maxLength` characters. Text of which less than two letters or digits remain says
 * nothing any more and becomes `fallback`.
 */
export function slug(text: string, fallback: string, maxLength = 24): string {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  const short = cut(plain, maxLength);
  const meaning = short.replaceAll('-', '');
  const whole = [...text].filter(char => /[\p{Letter}\p{Number}]/u.test(char)).length;
  // `服务器 2` would become `2`: one letter is a name only if it was the whole name.
  return meaning.length >= 2 || (meaning.length === 1 && whole === 1) ? short : fallback;
}

function cut(text: string, maxLength: number): string {
  return text.replace(/^-+/, '').slice(0, maxLength).replace(/-+$/, '');
}

function hashOf(identity: ObjectIdentity): string {
  return createHash('sha256').update(canonicalJson(identity)).digest('hex').slice(0, HASH_LENGTH);
}
