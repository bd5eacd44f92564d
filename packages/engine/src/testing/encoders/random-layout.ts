import {
  patternBytes,
  seededNumbers,
  type Grain,
  type GrainLayout,
  type LayerModel,
} from './grains';

export interface RandomLayoutOptions {
  readonly capacitySectors: number;
  readonly grainSectors: number;
  readonly seed: number;
  /** `data-only` for formats that cannot say zero. */
  readonly content?: 'data-and-zeros' | 'data-only';
  readonly shuffleSeed?: number;
}

/** Runs of data, zeros and nothing, of 1 to 20 grains each, over the whole capacity. */
export function randomLayout({
  capacitySectors,
  grainSectors,
  seed,
  content = 'data-and-zeros',
  shuffleSeed,
}: RandomLayoutOptions): GrainLayout {
  const next = seededNumbers(seed);
  const grains = new Map<number, Grain>();
  const count = Math.ceil(capacitySectors / grainSectors);
  for (let grain = 0; grain < count;) {
    const run = 1 + (next() % 20);
    const kind = next() % 3;
    for (let end = Math.min(count, grain + run); grain < end; grain++) {
      if (kind === 0) grains.set(grain, patternBytes(grainSectors * 512, seed * 1_000_003 + grain));
      if (kind === 1 && content === 'data-and-zeros') grains.set(grain, 'zero');
    }
  }
  return {
    capacitySectors,
    grainSectors,
    grains,
    ...(shuffleSeed === undefined ? {} : { shuffleSeed }),
  };
}

/** The same layer without a parent: what it does not hold reads as zero. */
export function asBase(model: LayerModel): LayerModel {
  return { ...model, kinds: model.kinds.map(kind => (kind === 'inherited' ? 'zero' : kind)) };
}
