/** Adds to the instruments of instruments.ts. Without a provider of OpenTelemetry it does nothing. */
import {
  type Attributes,
  type Counter,
  type Histogram,
  type MeterProvider,
  metrics,
} from '@opentelemetry/api';
import { type MetricDefinition, RECORDED } from './instruments';

type Recorded = typeof RECORDED;
export type CounterName = {
  [Name in keyof Recorded]: Recorded[Name]['type'] extends 'counter' ? Name : never;
}[keyof Recorded];
export type HistogramName = Exclude<keyof Recorded, CounterName>;
/** Every attribute of the instrument, by its name in the list. */
export type AttributesOf<Name extends keyof Recorded> = Readonly<
  Record<Recorded[Name]['attributes'][number], string | number>
>;

export const METER = 'vm-migrate';

export function count<Name extends CounterName>(
  name: Name,
  value: number,
  attributes: AttributesOf<Name>,
): void {
  if (value > 0) (instruments()[name] as Counter).add(value, attributes as Attributes);
}

/** @param seconds clamped at 0: clocks of two machines may differ */
export function recordSeconds<Name extends HistogramName>(
  name: Name,
  seconds: number,
  attributes: AttributesOf<Name>,
): void {
  (instruments()[name] as Histogram).record(Math.max(0, seconds), attributes as Attributes);
}

type Instruments = Readonly<Record<keyof Recorded, Counter | Histogram>>;
let made: { readonly by: MeterProvider; readonly instruments: Instruments } | undefined;

/** Made when first used: the provider is set by whoever runs the worker, after this file is loaded. */
function instruments(): Instruments {
  const by = metrics.getMeterProvider();
  if (made?.by !== by) made = { by, instruments: make(by) };
  return made.instruments;
}

function make(provider: MeterProvider): Instruments {
  const meter = provider.getMeter(METER);
  const entries = Object.entries(RECORDED).map(([key, definition]) => {
    const { name, type, unit, description, buckets, attributes }: MetricDefinition = definition;
    const options = { unit, description };
    return [
      key,
      type === 'counter'
        ? fromZero(meter.createCounter(name, options), attributes)
        : meter.createHistogram(name, {
            ...options,
            ...(buckets && { advice: { explicitBucketBoundaries: [...buckets] } }),
          }),
    ];
  });
  return Object.fromEntries(entries) as Instruments;
}

/** A counter that appears with its first event has no increase of it: whoever watches would miss that one. */
function fromZero(counter: Counter, attributes: readonly string[]): Counter {
  if (attributes.length === 0) counter.add(0);
  return counter;
}
