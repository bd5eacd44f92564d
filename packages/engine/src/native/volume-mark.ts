/**
 * The file form of a volume's mark: a JSON object whose field `mark` says what is on the volume
 * (VolumeMark of mover/mover.ts). A target writes it, a mover checks it under its lock; neither may
 * import the other, both may import this folder, so the one reader is here.
 */

/** Exactly the fields of VolumeMark; both sides assign one to the other. */
export interface WrittenMark {
  readonly storeId: string;
  readonly migrationId: string;
  readonly volumeId: string;
  readonly generation: number;
  readonly phase: 'empty' | 'writing' | 'holds';
  readonly layerId?: string;
  readonly fence: number;
  readonly manifestDigest?: string;
}

export type MarkField = keyof WrittenMark;

/** What each field holds; an optional one may be absent. */
const FIELDS = {
  storeId: value => typeof value === 'string',
  migrationId: value => typeof value === 'string',
  volumeId: value => typeof value === 'string',
  generation: value => typeof value === 'number',
  phase: value => value === 'empty' || value === 'writing' || value === 'holds',
  layerId: value => value === undefined || typeof value === 'string',
  fence: value => typeof value === 'number',
  manifestDigest: value => value === undefined || typeof value === 'string',
} as const satisfies Record<MarkField, (value: unknown) => boolean>;

const MARK_FIELDS = Object.keys(FIELDS) as MarkField[];

/** The mark of a metadata file that was parsed; undefined when it has none, or not a whole one. */
export function markOf(record: unknown): WrittenMark | undefined {
  const mark = fieldOf(record, 'mark');
  return MARK_FIELDS.every(field => FIELDS[field](fieldOf(mark, field)))
    ? (mark as WrittenMark)
    : undefined;
}

/** Fields in which two marks differ; an absent one equals `undefined`. */
export function differingFields(one: WrittenMark, other: WrittenMark): MarkField[] {
  return MARK_FIELDS.filter(field => one[field] !== other[field]);
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[field]
    : undefined;
}
