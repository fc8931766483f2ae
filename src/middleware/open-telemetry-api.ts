// @opentelemetry/api, through which spans and metrics reach the SDK that the program has set up. An optional package, loaded when a
// layer is made that needs it.

/** What the layer uses. */
export type OpenTelemetryApi = typeof import("@opentelemetry/api")

/** @throws Error that names the package when it is not installed */
export function loadOpenTelemetry(): OpenTelemetryApi {
  const { createRequire } = process.getBuiltinModule("node:module")
  try {
    return createRequire(import.meta.url)("@opentelemetry/api") as OpenTelemetryApi
  } catch (error) {
    const sentence = "openTelemetry needs the package @opentelemetry/api: npm install @opentelemetry/api"
    throw Object.assign(new Error(sentence, { cause: error }), { code: (error as NodeJS.ErrnoException).code })
  }
}
