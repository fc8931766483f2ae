// How many requests there were and how long they took, by route and status, as Prometheus reads them. The numbers are those of
// `openTelemetry` of werkstatt/middleware; what you count yourself by the API of OpenTelemetry stands beside them.

import { metrics } from "@opentelemetry/api"
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus"
import { MeterProvider } from "@opentelemetry/sdk-metrics"
import { Response } from "werkstatt"

// The page is served by this application, not by a server of the exporter's own.
const exporter = new PrometheusExporter({ preventServerStart: true })
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }))

export async function showMetrics(): Promise<Response> {
  const { resourceMetrics } = await exporter.collect()
  const text = new PrometheusSerializer().serialize(resourceMetrics)
  return new Response(text, { contentType: "text/plain; version=0.0.4; charset=utf-8" })
}
