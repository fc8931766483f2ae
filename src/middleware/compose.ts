// Layers put around an application, once, when it is made. Knows none of them.

import { asApplication } from "../as-application.ts"
import type { Application, ApplicationLike } from "../gateway.ts"
import { describe } from "../mistakes/describe.ts"

/** A layer: an application for an application. Those of this folder take options, so wrap them: `(app) => cors(app, options)`. */
export type Middleware = (app: Application) => Application

/**
 * `app` inside of all layers, the first one outermost: requests pass them as they are listed, responses the other way.
 *
 * @throws TypeError when a layer is not a function, or gives no function
 * @example
 * const naming = (name) => (app) => (environ, start) => [name, ...app(environ, start)]
 * compose(() => ["app"], naming("outer"), naming("inner"))() // => ["outer", "inner", "app"]
 * compose(() => [], undefined) // throws TypeError
 */
export function compose(app: ApplicationLike, ...layers: readonly Middleware[]): Application {
  return layers.reduceRight(
    (inner, layer, index) => {
      if (typeof layer !== "function") {
        throw new TypeError(`layer ${index} of compose must be a function, (app) => app, not ${describe(layer)}`)
      }
      // Applications have two parameters, and so have functions of this folder that were not given their options.
      if (layer.length > 1)
        throw new TypeError(`layer ${index} of compose must be a function, (app) => app. ${layerHint(layer)}`)
      return asApplication(layer(inner), `layer ${index} of compose`)
    },
    asApplication(app, "compose"),
  )
}

function layerHint(layer: { readonly name: string }): string {
  const name = layer.name === "" ? "cors" : layer.name
  return `It takes more than that; bind what else it needs: (app) => ${name}(app, …)`
}
