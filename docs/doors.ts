// The doors of the package as the reference presents them: what each is for, and the guides that show it at work.
// The doors themselves are those of package.json.

import { readFileSync } from "node:fs"

export interface Door {
  /** As it is imported: `werkstatt/http`. */
  name: string
  /** The file in `src/` that lists its names. */
  file: string
  summary: string
  /** Pages in `docs/`. */
  guides: string[]
}

const ABOUT: Record<string, { summary: string; guides?: string[] }> = {
  werkstatt: { summary: "The names of every day. Each comes from one of the other doors too." },
  "werkstatt/gateway": { summary: "The contract between servers and applications, as types.", guides: ["gateway.md"] },
  "werkstatt/wrappers": {
    summary: "What a view works with: the request that it gets and the response that it gives.",
    guides: ["request-response.md"],
  },
  "werkstatt/http": {
    summary: "Text of HTTP headers and URLs to plain values and back, and HTML that escapes.",
    guides: ["templates.md"],
  },
  "werkstatt/datastructures": {
    summary: "What headers and forms hold, as objects: `X.fromHeader(text)` reads one, `x.toHeader()` writes it.",
    guides: ["request-response.md"],
  },
  "werkstatt/environ": {
    summary: "Reading an environ, and calling an application with it: for middleware and servers.",
    guides: ["gateway.md"],
  },
  "werkstatt/forms": { summary: "Bodies of forms to fields and files, and back.", guides: ["forms.md"] },
  "werkstatt/forms/busboy": {
    summary: "busboy as a decoder of multipart bodies, for programs that want an independent parser.",
    guides: ["forms.md"],
  },
  "werkstatt/routing": { summary: "URLs to endpoints, and endpoints to URLs.", guides: ["routing.md"] },
  "werkstatt/exceptions": { summary: "HTTP errors that are thrown and answer the request.", guides: ["errors.md"] },
  "werkstatt/files": { summary: "Files from the disk: ranges, entity tags, downloads.", guides: ["files.md"] },
  "werkstatt/middleware": {
    summary: "Functions from application to application, which stand between a server and an application.",
    guides: ["middleware.md"],
  },
  "werkstatt/proxy": {
    summary: "Requests that other servers answer. It needs the package undici.",
    guides: ["middleware.md"],
  },
  "werkstatt/testing": {
    summary: "A client that needs no server, and a table to test servers with.",
    guides: ["testing.md"],
  },
  "werkstatt/debug": {
    summary: "Errors of an application as pages with a console in every frame. For development only.",
    guides: ["debugger.md"],
  },
  "werkstatt/serving": {
    summary: "Servers: one for development, which reloads, and one for production, with several processes.",
    guides: ["serving.md", "deploying.md"],
  },
  "werkstatt/signing": {
    summary: "Tokens that only the holder of a key can make, in the format of Python's itsdangerous.",
    guides: ["signing.md"],
  },
  "werkstatt/sessions": {
    summary: "What an application knows of a visitor, and protection against requests of other sites.",
    guides: ["sessions.md"],
  },
  "werkstatt/stores": { summary: "State that requests, processes or machines share.", guides: ["stores.md"] },
  "werkstatt/security": {
    summary: "Password hashes, comparison of secrets, and safe paths, file names and redirects.",
    guides: ["security.md"],
  },
  "werkstatt/local": { summary: "Values that belong to one request.", guides: ["locals.md"] },
  "werkstatt/running": {
    summary: "What servers of any protocol are made of: it runs applications by the contract.",
    guides: ["servers.md"],
  },
  "werkstatt/adapters/node": { summary: "Applications on node:http and node:http2.", guides: ["gateways.md"] },
  "werkstatt/adapters/fetch": {
    summary: "Applications on Bun, Deno and Workers, and web handlers as applications.",
    guides: ["gateways.md", "runtimes.md"],
  },
  "werkstatt/adapters/connect": {
    summary: "Applications inside of Express and Connect, and handlers of theirs as applications.",
    guides: ["gateways.md"],
  },
  "werkstatt/adapters/lambda": {
    summary: "Applications on AWS Lambda: API Gateway, function URLs, load balancers.",
    guides: ["lambda.md"],
  },
  "werkstatt/adapters/cgi": {
    summary: "Applications as programs that a web server starts for each request.",
    guides: ["cgi.md"],
  },
  "werkstatt/adapters/scgi": { summary: "Applications behind web servers that speak SCGI.", guides: ["cgi.md"] },
  "werkstatt/adapters/uwsgi": { summary: "Applications behind web servers that speak uwsgi.", guides: ["cgi.md"] },
  "werkstatt/adapters/fastcgi": { summary: "Applications behind web servers that speak FastCGI.", guides: ["cgi.md"] },
  "werkstatt/testapp": {
    summary: "An application that shows the runtime and its environ, to try a server with.",
    guides: ["serving.md"],
  },
}

const { name, exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  name: string
  exports: Record<string, string | { default: string }>
}

/** All doors in the order of the table above; what package.json adds comes last, without a summary. */
export const doors: Door[] = Object.entries(exports)
  .flatMap(([path, target]) =>
    typeof target === "string" ? [] : [[`${name}${path.slice(1)}`, target.default] as const],
  )
  .map(([door, target]) => ({
    name: door,
    file: target.replace("./dist/", "src/").replace(/\.js$/, ".ts"),
    summary: ABOUT[door]?.summary ?? "",
    guides: ABOUT[door]?.guides ?? [],
  }))
  .sort((one, other) => rank(one.name) - rank(other.name))

function rank(door: string): number {
  const index = Object.keys(ABOUT).indexOf(door)
  return index === -1 ? Number.MAX_SAFE_INTEGER : index
}
