/**
 * Sources and targets that this process can reach, opened once and again when their row changes. One
 * that cannot be reached now is tried again: a cluster that does not answer at the start may later.
 */
import type { StepContext } from '../steps/step';
import { places } from '../store/places';
import type { PlaceRow } from '../store/store';
import type { WorkerOptions } from './worker-options';

const AGAIN_MS = 5_000;

export class ServedPlaces {
  private readonly sources = new Map<string, Opened<StepContext['source']>>();
  private readonly targets = new Map<string, Opened<StepContext['target']>>();

  constructor(
    private readonly options: Pick<WorkerOptions, 'database' | 'openSource' | 'openTarget'>,
  ) {}

  /** May take as long as a cluster takes to say that it is away. */
  async refresh(): Promise<void> {
    const { database, openSource, openTarget } = this.options;
    await openAll(await places(database, 'source'), this.sources, openSource);
    await openAll(await places(database, 'target'), this.targets, openTarget);
  }

  source(name: string): StepContext['source'] | undefined {
    return this.sources.get(name)?.place;
  }

  target(name: string): StepContext['target'] | undefined {
    return this.targets.get(name)?.place;
  }

  names(): { sources: string[]; targets: string[] } {
    return { sources: servedNames(this.sources), targets: servedNames(this.targets) };
  }

  openTargets(): StepContext['target'][] {
    return [...this.targets.values()].flatMap(({ place }) => (place === undefined ? [] : [place]));
  }
}

interface Opened<T> {
  readonly row: string;
  /** Absent: not reached from here, at `triedAt` of performance.now(). */
  readonly place: T | undefined;
  readonly triedAt: number;
}

async function openAll<T>(
  rows: readonly PlaceRow[],
  opened: Map<string, Opened<T>>,
  open: (row: PlaceRow) => Promise<T>,
): Promise<void> {
  await Promise.all(
    rows.map(async row => {
      const text = JSON.stringify(row);
      const known = opened.get(row.name);
      const triedAt = performance.now();
      if (known?.row === text && (known.place !== undefined || triedAt - known.triedAt < AGAIN_MS))
        return;
      // While the new row is tried, nobody works by the old one.
      opened.set(row.name, { row: text, place: undefined, triedAt });
      const place = await open(row).catch(() => undefined);
      opened.set(row.name, { row: text, place, triedAt: performance.now() });
    }),
  );
}

function servedNames<T>(opened: ReadonlyMap<string, Opened<T>>): string[] {
  return [...opened].filter(([, entry]) => entry.place !== undefined).map(([name]) => name);
}
