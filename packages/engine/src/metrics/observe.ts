/** Gauges: values that are asked for when somebody looks. */
import { type Attributes, metrics } from '@opentelemetry/api';
import { OBSERVED } from './instruments';
import { METER } from './record';

export type GaugeName = keyof typeof OBSERVED;

export interface Observation {
  readonly gauge: GaugeName;
  readonly value: number;
  readonly attributes?: Readonly<Record<string, string>>;
}

/**
 * Calls `look` at every collection until the returned function is called. What it does not answer
 * then has no value; when it fails, none of its gauges has.
 */
export function observe(
  gauges: readonly GaugeName[],
  look: () => Promise<readonly Observation[]> | readonly Observation[],
): () => void {
  const meter = metrics.getMeterProvider().getMeter(METER);
  const made = new Map(
    gauges.map(key => {
      const { name, unit, description } = OBSERVED[key];
      return [key, meter.createObservableGauge(name, { unit, description })];
    }),
  );
  const callback: Parameters<typeof meter.addBatchObservableCallback>[0] = async result => {
    for (const { gauge, value, attributes } of await look()) {
      const instrument = made.get(gauge);
      if (instrument !== undefined) result.observe(instrument, value, attributes as Attributes);
    }
  };
  const all = [...made.values()];
  meter.addBatchObservableCallback(callback, all);
  return () => meter.removeBatchObservableCallback(callback, all);
}
