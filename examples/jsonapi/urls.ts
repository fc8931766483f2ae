// All URLs of the API, by name. The OpenAPI document is made from them. An id that the database could not hold is not found.

import { route, routes } from "werkstatt/routing"

export const urls = routes({
  items: {
    list: route("/items", { methods: ["GET"] }),
    create: route("/items", { methods: ["POST"] }),
    show: route("/items/<int(min=1, max=2147483647):id>", { methods: ["GET"] }),
    replace: route("/items/<int(min=1, max=2147483647):id>", { methods: ["PUT"] }),
    remove: route("/items/<int(min=1, max=2147483647):id>", { methods: ["DELETE"] }),
  },
  deliveries: { create: route("/deliveries", { methods: ["POST"] }) },
  stock: route("/stock/<any(low, out):level>", { methods: ["GET"] }),
  openapi: route("/openapi.json", { methods: ["GET"] }),
  metrics: route("/metrics", { methods: ["GET"] }),
})
