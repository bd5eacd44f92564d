/** Many small waits side by side: files to look at, requests to a server. */

/**
 * `work` of each item, `limit` of them at a time; answers in the order of the items.
 * After a first error nothing new begins, and it is thrown when what runs has ended.
 */
export async function mapAtOnce<In, Out>(
  items: readonly In[],
  limit: number,
  work: (item: In) => Promise<Out>,
): Promise<Out[]> {
  const answers: Out[] = [];
  const waiting = items.entries();
  const errors: unknown[] = [];
  const lane = async (): Promise<void> => {
    // One iterator for all lanes: each takes what comes next.
    for (const [at, item] of waiting) {
      if (errors.length > 0) return;
      answers[at] = await work(item);
    }
  };
  const lanes = Array.from({ length: Math.min(limit, items.length) }, () =>
    lane().catch((error: unknown) => void errors.push(error)),
  );
  await Promise.all(lanes);
  if (errors.length > 0) throw errors[0];
  return answers;
}
