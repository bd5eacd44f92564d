/** Sources and targets that this process can reach, opened once and again when their row changes. */
import { hostname } from 'node:os';
import type { StepContext } from '../steps/step';
import { places } from '../store/places';
import type { PlaceRow } from '../store/store';
import type { WorkerOptions } from './worker-options';

export class ServedPlaces {
  private readonly sources = new Map<string, Opened<StepContext['source']>>();
  private readonly targets = new Map<string, Opened<StepContext['target']>>();

  constructor(
    private readonly options: Pick<WorkerOptions, 'database' | 'openSource' | 'openTarget'>,
  ) {}

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
}

interface Opened<T> {
  readonly row: string;
  readonly place: T | undefined;
}

async function openAll<T>(
  rows: readonly PlaceRow[],
  opened: Map<string, Opened<T>>,
  open: (row: PlaceRow) => Promise<T>,
): Promise<void> {
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (opened.get(row.name)?.row === text) continue;
    const elsewhere = row.host !== null && row.host !== hostname();
    const place = elsewhere ? undefined : await open(row).catch(() => undefined);
    opened.set(row.name, { row: text, place });
  }
}

function servedNames<T>(opened: ReadonlyMap<string, Opened<T>>): string[] {
  return [...opened].filter(([, entry]) => entry.place !== undefined).map(([name]) => name);
}
