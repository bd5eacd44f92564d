/** All events there are, however many pages that takes. */
import type { OperationInput } from './operations';
import type { EventView } from './views';

const PAGE = 1_000;

/** Oldest first. @throws what `ask` throws */
export async function everyEvent(
  ask: (input: OperationInput<'getEvents'>) => Promise<readonly EventView[]>,
  { migration, after: from }: { readonly migration?: string; readonly after?: number },
): Promise<EventView[]> {
  const all: EventView[] = [];
  for (let after = from; ; after = all.at(-1)?.id ?? after) {
    const page = await ask({
      ...(migration === undefined ? {} : { migration }),
      ...(after === undefined ? {} : { after }),
      limit: PAGE,
    });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}
