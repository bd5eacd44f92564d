/** What the audit keeps of a change: everything that was asked for, and what came of it. No input of ours holds a secret. */
import type { JsonObject, JsonValue } from '@backstage/types';

/** A list of thousands of ids is no line of a log. */
const SHOWN_ITEMS = 20;

/** Every field as it was given; of a long list the first items, and how many more. */
export function askedFor(input: unknown): JsonObject {
  return isObject(input) ? (shortened(input) as JsonObject) : {};
}

/** Figures and names in an answer, not its lists: who wants those asks. */
export function cameOf(answer: unknown): JsonObject {
  if (!isObject(answer)) return {};
  return Object.fromEntries(
    Object.entries(answer).filter(([, value]) =>
      ['string', 'number', 'boolean'].includes(typeof value),
    ),
  ) as JsonObject;
}

function shortened(value: unknown): JsonValue | undefined {
  if (Array.isArray(value)) {
    const shown = value.slice(0, SHOWN_ITEMS).map(item => shortened(item) ?? null);
    return value.length <= SHOWN_ITEMS
      ? shown
      : [...shown, `and ${value.length - SHOWN_ITEMS} more`];
  }
  if (!isObject(value)) return value as JsonValue | undefined;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, shortened(part)]),
  ) as JsonObject;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
