// A span for each request, named by the rule that it matched, and its duration as a metric, in the words of OpenTelemetry's semantic
// conventions for HTTP (stable since 1.23). Stands inside proxyFix, and outside of everything that is to be seen in the span.
// Nothing happens to them unless the program sets up an SDK.

import type { Context, Histogram, Span } from "@opentelemetry/api"
import { asApplication } from "../as-application.ts"
import type { Application, ApplicationLike, Body, Environ, HeaderList, StartResponse } from "../gateway.ts"
import { hasContent } from "../http/status.ts"
import { asciiLower } from "../http/tokens.ts"
import { checkOptions, type OptionNames } from "../mistakes/options.ts"
import { type MatchListener, ON_MATCH_KEY } from "../routing/match-listener.ts"
import { bodyInside } from "../running/body-inside.ts"
import { isThenable } from "../thenable.ts"

import { fieldKey, textOf } from "./header-list.ts"
import {
  type Attributes,
  basicAttributes,
  knownMethods,
  requestHeaders,
  secretParameters,
  spanAttributes,
} from "./http-attributes.ts"
import { type BodyObserver, observedBody } from "./observed-body.ts"
import { loadOpenTelemetry, type OpenTelemetryApi } from "./open-telemetry-api.ts"
import { skipTest } from "./skip-test.ts"

/** What is told of requests, besides what the conventions ask for. */
export interface OpenTelemetryOptions {
  /**
   * The route of a request that no RuleMap of this package has matched, as a text of few values: `/users/:id`, never a path.
   * Asked when the response begins; `undefined` when there is no route.
   */
  route?: ((environ: Environ) => string | undefined) | undefined
  /** Paths without a span, with all below them; or a function. */
  skip?: Iterable<string> | ((environ: Environ) => boolean) | undefined
  /** Headers of the request that go into the span. None unless given: they may hold secrets. */
  requestHeaders?: Iterable<string> | undefined
  /** Headers of the response that go into the span. */
  responseHeaders?: Iterable<string> | undefined
  /** Parameters of the query whose values are secrets, besides the signatures of object stores. */
  secretParameters?: Iterable<string> | undefined
}

const OPTIONS: OptionNames<OpenTelemetryOptions> = {
  route: true,
  skip: true,
  requestHeaders: true,
  responseHeaders: true,
  secretParameters: true,
}

const NAME = "werkstatt"
/** In seconds, as the conventions have them. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** What all requests have in common. */
interface Telemetry {
  readonly api: OpenTelemetryApi
  readonly route: OpenTelemetryOptions["route"]
  readonly requestHeaders: readonly string[]
  readonly responseHeaders: readonly string[]
  readonly secrets: ReadonlySet<string>
  readonly methods: ReadonlySet<string>
}

/**
 * Makes a span for each request (`SERVER`, `http.route`, `http.response.status_code` and so on) and records
 * `http.server.request.duration`, through the package `@opentelemetry/api`. The span continues the trace that the client has told of in
 * `traceparent`, or what else the propagator of the program reads. It is the active one in the application, in the steps of the body
 * and in its close, and ends with the response. Responses from 500 on, errors of the application or its body, and responses that are not sent
 * to their end make it an error.
 *
 * @throws Error when `@opentelemetry/api` is not installed
 */
export function openTelemetry(app: ApplicationLike, options: OpenTelemetryOptions = {}): Application {
  const inner = asApplication(app, "openTelemetry")
  checkOptions("openTelemetry", options, OPTIONS)
  const isSkipped = skipTest(options.skip)
  const telemetry: Telemetry = {
    api: loadOpenTelemetry(),
    route: options.route,
    requestHeaders: Array.from(options.requestHeaders ?? [], asciiLower),
    responseHeaders: Array.from(options.responseHeaders ?? [], asciiLower),
    secrets: secretParameters(options.secretParameters ?? []),
    methods: knownMethods(),
  }
  return (environ, startResponse) => {
    if (isSkipped(environ)) return inner(environ, startResponse)
    return new TracedRequest(telemetry, environ).run(inner, startResponse)
  }
}

/** Where the getter of a propagator finds headers. */
const carrier = {
  get: (environ: Environ, name: string): string | undefined => textOf(environ, fieldKey(name)),
  keys: (environ: Environ): string[] =>
    Object.keys(environ)
      .filter((key) => key.startsWith("HTTP_"))
      .map((key) => key.slice(5).toLowerCase().replaceAll("_", "-")),
}

class TracedRequest implements BodyObserver {
  readonly #telemetry: Telemetry
  readonly #environ: Environ
  readonly #began: number = performance.now()
  readonly #basic: Attributes
  readonly #context: Context
  readonly #span: Span
  /** What the name of the span begins with. */
  readonly #verb: string
  #route: string | undefined = undefined
  #status: number | undefined = undefined
  #errorType: string | undefined = undefined
  #isOver = false

  constructor(telemetry: Telemetry, environ: Environ) {
    this.#telemetry = telemetry
    this.#environ = environ
    const { context, propagation, SpanKind, trace } = telemetry.api
    this.#basic = basicAttributes(environ, telemetry.methods)
    const method = this.#basic["http.request.method"] as string
    this.#verb = method === "_OTHER" ? "HTTP" : method
    const attributes = {
      ...spanAttributes(environ, this.#basic, telemetry.secrets),
      ...requestHeaders(environ, telemetry.requestHeaders),
    }
    const before = propagation.extract(context.active(), environ, carrier)
    this.#span = trace.getTracer(NAME).startSpan(this.#verb, { kind: SpanKind.SERVER, attributes }, before)
    this.#context = trace.setSpan(before, this.#span)
    // Of two of these layers the outer one wants to know too.
    const outer = environ[ON_MATCH_KEY] as MatchListener | undefined
    environ[ON_MATCH_KEY] = ((rule, scriptName) => {
      outer?.(rule, scriptName)
      this.#routeIs(scriptName.slice(0, -1) + rule.rule)
    }) satisfies MatchListener
  }

  run(app: Application, startResponse: StartResponse): Body | Promise<Body> {
    const start: StartResponse = (status, headers, error) => {
      const write = startResponse(status, headers, error)
      this.#started(Number(status.slice(0, 3)), headers)
      return write
    }
    let result: Body | Promise<Body>
    try {
      result = this.#inside(() => app(this.#environ, start))
    } catch (error) {
      return this.#fail(error)
    }
    if (!isThenable(result)) return this.#watched(result)
    return result.then(
      (body) => this.#watched(body),
      (error) => this.#fail(error),
    )
  }

  readonly #inside = <Result>(callback: () => Result): Result =>
    this.#telemetry.api.context.with(this.#context, callback)

  #watched(body: Body): Body {
    return observedBody(bodyInside(body, this.#inside, { onError: (error) => this.#record(error) }), this)
  }

  #routeIs(route: string): void {
    this.#route = route
    this.#span.updateName(`${this.#verb} ${route}`)
    this.#span.setAttribute("http.route", route)
  }

  #started(status: number, headers: HeaderList): void {
    this.#status = status
    const { route, responseHeaders } = this.#telemetry
    const own = this.#route === undefined ? route?.(this.#environ) : undefined
    if (own !== undefined) this.#routeIs(own)
    for (const name of responseHeaders) {
      const values = headers.filter((each) => asciiLower(each[0]) === name).map((each) => each[1])
      if (values.length > 0) this.#span.setAttribute(`http.response.header.${name}`, values)
    }
  }

  bytes(): void {}

  over(complete: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    const { SpanStatusCode } = this.#telemetry.api
    const status = this.#status
    const hasBody = hasContent(status ?? 0, this.#environ.REQUEST_METHOD)
    if (this.#errorType === undefined && status !== undefined && status >= 500) this.#errorType = String(status)
    // The client has left, or the server was stopped.
    if (this.#errorType === undefined && !complete && hasBody) this.#errorType = "aborted"
    const end: Attributes = {}
    if (status !== undefined) end["http.response.status_code"] = status
    if (this.#errorType !== undefined) {
      end["error.type"] = this.#errorType
      this.#span.setStatus({ code: SpanStatusCode.ERROR })
    }
    this.#span.setAttributes(end)
    this.#span.end()
    const seconds = (performance.now() - this.#began) / 1000
    const route = this.#route === undefined ? {} : { "http.route": this.#route }
    durations(this.#telemetry.api).record(seconds, { ...this.#basic, ...route, ...end }, this.#context)
  }

  /** An error that ends the response. */
  #record(error: unknown): void {
    const isError = error instanceof Error
    this.#errorType ??= isError ? error.constructor.name || error.name : typeof error
    this.#span.recordException(isError ? error : String(error))
  }

  #fail(error: unknown): never {
    this.#record(error)
    // The server answers, unless the application has.
    if (!this.#environ["wsgi.headers_sent"]?.()) this.#status = 500
    this.over(false)
    throw error
  }
}

const histograms = new WeakMap<object, Histogram>()

/** The histogram of the meter provider that is there now: the program may have set it up after the layer was made. */
function durations({ metrics }: OpenTelemetryApi): Histogram {
  const meter = metrics.getMeter(NAME)
  let histogram = histograms.get(meter)
  if (histogram === undefined) {
    histogram = meter.createHistogram("http.server.request.duration", {
      unit: "s",
      description: "Duration of HTTP server requests.",
      advice: { explicitBucketBoundaries: BUCKETS },
    })
    histograms.set(meter, histogram)
  }
  return histogram
}
