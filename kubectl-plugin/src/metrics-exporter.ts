/**
 * OpenTelemetry's SDK with its Prometheus exporter, as the provider of this process: the engine
 * knows the API only. Loaded by a worker that is asked for metrics, by nobody else: it takes longer
 * to load than most commands take in all.
 */
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { MetricsHandler } from './worker-server';

/** From now on instruments keep their values. Call it before the engine is opened. */
export function startMetrics(): MetricsHandler {
  const exporter = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    withoutTargetInfo: true,
  });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }));
  return (request, response) => exporter.getMetricsRequestHandler(request, response);
}
