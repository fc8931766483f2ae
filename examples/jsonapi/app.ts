// The application: views, and the layers around them.

import type { Logger } from "pino"
import { type Application, Request, Response } from "werkstatt"
import { accessLog, compose, openTelemetry, requestId } from "werkstatt/middleware"
import { views } from "werkstatt/routing"
import { type Pool, transactions } from "./database.ts"
import { deliveryViews } from "./deliveries.ts"
import { itemViews, stock } from "./items.ts"
import { showMetrics } from "./metrics.ts"
import { openApi } from "./openapi.ts"
import { problems } from "./problems.ts"
import * as schemas from "./schemas.ts"
import { urls } from "./urls.ts"

class ApiRequest extends Request {
  override maxContentLength = 1024 * 1024
}

export function makeApp({ pool, log }: { pool: Pool; log: Logger }): Application {
  const operations = { items: itemViews, deliveries: deliveryViews, stock }
  const { Page: _, ...named } = schemas
  const document = openApi(
    urls,
    { ...operations, openapi: undefined, metrics: undefined },
    { title: "Stock", version: "1.0.0", schemas: named, problem: schemas.Problem },
  )
  const view = views(urls, {
    ...operations,
    openapi: async (_request: Request) => Response.json(document),
    metrics: (_request: Request) => showMetrics(),
  })
  return compose(
    ApiRequest.application(problems(view, log)),
    requestId,
    (inner) =>
      accessLog(inner, { skip: ["/metrics"], write: (_line, { time: _, ...entry }) => log.info(entry, "request") }),
    (inner) => openTelemetry(inner, { skip: ["/metrics"] }),
    (inner) => transactions(inner, pool),
  )
}
