import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import { bundleTests, onBundle } from "./test/bundle.ts"
import { engineTests, overNet } from "./test/over-net.ts"

/** Whether tests run on dist/ in place of src/. */
const isOnBundle = process.env["WERKSTATT_BUNDLE"] === "1"

const source = (path: string) => fileURLToPath(new URL(`src/${path}`, import.meta.url))

export default defineConfig({
  plugins: isOnBundle ? [onBundle()] : [],
  resolve: {
    // Tests and examples import the package by its name and get the source.
    alias: [
      { find: /^werkstatt$/, replacement: source("index.ts") },
      {
        find: /^werkstatt\/(gateway|security|local|testapp|forms\/busboy|adapters\/\w+)$/,
        replacement: source("$1.ts"),
      },
      { find: /^werkstatt\/([\w-]+)$/, replacement: source("$1/index.ts") },
    ],
  },
  test: {
    testTimeout: 20_000,
    // A shared machine may stop for seconds in the middle of a test with processes; here nobody is there to try again.
    retry: process.env["CI"] ? 2 : 0,
    // Some tests ask whether something can be collected.
    execArgv: ["--expose-gc"],
    globalSetup: "test/support/left-behind.ts",
    projects: [
      { extends: true, test: { name: "tests", include: ["test/**/*.test.ts"] } },
      // Every signal and setting of `werkstatt serve`, what it stands for under load, and the recipes: npm run test:serve
      { extends: true, test: { name: "serve", include: ["test/serving/**/*.serve.ts"], testTimeout: 300_000 } },
      // Several hosts as network namespaces: npm run test:hosts
      { extends: true, test: { name: "hosts", include: ["test/hosts/**/*.hosts.ts"], testTimeout: 600_000 } },
      // Tests of public names, on the built package: npm run test:bundle
      { extends: true, test: { name: "bundle", include: isOnBundle ? bundleTests() : [] } },
      // The package in projects of strangers, with several versions of TypeScript: npm run test:package
      { extends: true, test: { name: "package", include: ["test/package/**/*.package.ts"], testTimeout: 180_000 } },
      // What takes longer than `npm test` may: npm run test:load
      { extends: true, test: { name: "load", include: ["test/load/**/*.load.ts"], testTimeout: 300_000 } },
      // Programs as processes of their own, where there are many or they take long: npm run test:processes
      { extends: true, test: { name: "processes", include: ["test/**/*.processes.ts"], testTimeout: 90_000 } },
      // Examples that need packages or servers of their own: npm run test:examples
      { extends: true, test: { name: "examples", include: ["examples/jsonapi/**/*.test.ts"], testTimeout: 30_000 } },
      // The site of docs/, built and read in a browser: npm run test:docs
      { extends: true, test: { name: "docs", include: ["test/docs/**/*.docs.ts"], testTimeout: 60_000 } },
      // The pages of docs/recipes with the packages that they use: npm run test:recipes
      { extends: true, test: { name: "recipes", include: ["test/recipes/**/*.recipes.ts"], testTimeout: 60_000 } },
      // Bun, Deno and workerd: npm run test:runtimes
      { extends: true, test: { name: "runtimes", include: ["test/runtimes/**/*.runtimes.ts"], testTimeout: 120_000 } },
      // What runs over node:http, once more over the engine of node:net: npm run test:engine
      {
        extends: true,
        plugins: [overNet()],
        test: {
          name: "engine",
          include: ["test/adapters/net/*.engine.ts", ...engineTests],
          env: { WERKSTATT_ENGINE: "net" },
          testTimeout: 300_000,
        },
      },
      // Real front servers: npm run test:gateways
      { extends: true, test: { name: "gateways", include: ["test/**/*.gateways.ts"], testTimeout: 60_000 } },
      // What a browser does: npm run test:browser
      { extends: true, test: { name: "browser", include: ["test/**/*.browser.ts"], testTimeout: 120_000 } },
    ],
  },
})
