// The application. `npm run dev` serves it and starts it again whenever you save.

import { application, NotFound, Response } from "werkstatt"

export const app = application((request) => {
  if (request.path !== "/") throw new NotFound()
  return new Response(`Hello ${request.args.get("name") ?? "World"}!`)
})
