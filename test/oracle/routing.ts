// Maps of rules: matching, building and dispatching, by their recorded names.

import { MethodNotAllowed } from "../../src/exceptions/statuses.ts"
import type { Environ } from "../../src/gateway.ts"
import type { ConverterSource } from "../../src/routing/converters.ts"
import { BaseConverter } from "../../src/routing/converters.ts"
import { RequestRedirect } from "../../src/routing/errors.ts"
import type { MapAdapter } from "../../src/routing/map-adapter.ts"
import { Rule, type RuleFactory, type RuleOptions, rule } from "../../src/routing/rule.ts"
import { endpointPrefix, ruleTemplate, subdomain, submount } from "../../src/routing/rule-factories.ts"
import { RuleMap } from "../../src/routing/rule-map.ts"
import type { Adapter, Case } from "./runner.ts"
import { type Describe, type Json, read, readOptions } from "./values.ts"

type JsonObject = { [key: string]: Json }

function makeFactory(json: JsonObject): RuleFactory {
  const rules = ((json["rules"] ?? json["template"] ?? []) as JsonObject[]).map(makeFactory)
  if ("submount" in json) return submount(json["submount"] as string, rules)
  if ("endpoint_prefix" in json) return endpointPrefix(json["endpoint_prefix"] as string, rules)
  if ("in_subdomain" in json) return subdomain(json["in_subdomain"] as string, rules)
  if ("template" in json) return ruleTemplate(rules)(json["context"] as Record<string, string>)
  const { rule: text, endpoint, defaults, ...options } = readOptions(json)
  const values = defaults === undefined ? {} : { defaults: Object.fromEntries(defaults as Map<string, unknown>) }
  return rule(text as string, endpoint as string, { ...(options as RuleOptions), ...values })
}

function makeConverter(regex: string): ConverterSource {
  return class extends BaseConverter {
    override readonly regex = regex
  }
}

function makeMap(json: JsonObject): RuleMap {
  const { converters, ...options } = readOptions(json["options"])
  const table = Object.entries((converters ?? {}) as Record<string, { regex: string }>)
  const rules = (json["rules"] as JsonObject[]).map(makeFactory)
  return new RuleMap(rules, {
    ...options,
    converters: Object.fromEntries(table.map(([name, { regex }]) => [name, makeConverter(regex)])),
  }) as RuleMap
}

function bind(map: RuleMap, testCase: Case): MapAdapter {
  if (testCase["bind_to_environ"] === undefined) {
    const { serverName, ...options } = readOptions(testCase["bind"])
    return map.bind(serverName as string, options)
  }
  const { environ, ...options } = testCase["bind_to_environ"] as JsonObject
  const errors = { write: () => undefined }
  return map.bindToEnviron(
    { "wsgi.errors": errors, ...(environ as object) } as unknown as Environ,
    readOptions(options),
  )
}

/** A match as the corpus writes it: endpoint or rule, and the values in order. */
function pair(first: unknown, values: object): unknown[] {
  return [first, new Map(Object.entries(values))]
}

// biome-ignore lint/suspicious/noExplicitAny: the arguments come from JSON
type Call = (at: MapAdapter, args: any[], options: Record<string, any>, map: RuleMap) => unknown

const operations: Record<string, Call> = {
  match: (at, [path, method], { method: named = method, returnRule, ...options }) => {
    const match = at.match(path, { ...options, method: named })
    return pair(returnRule ? match.rule : match.endpoint, match.values)
  },
  build: (at, [endpoint, values], options) => {
    const given = values instanceof Map ? Object.fromEntries(values) : values
    return (at.build as (...args: unknown[]) => string)(endpoint, given, options)
  },
  test: (at, [path, method]) => at.test(path, method),
  allowed_methods: (at, [path]) => new Set(at.allowedMethods(path)),
  dispatch: (at, [pathInfo, method], options) => {
    const result = at.dispatch(({ endpoint, values }) => ["view", ...pair(endpoint, values)], {
      ...options,
      pathInfo,
      method,
    })
    return Array.isArray(result) ? result : { $returned: result }
  },
  create: (_at, _args, _options, map) => [...map.iterRules()],
  is_endpoint_expecting: (_at, [endpoint, ...names], _options, map) => map.isEndpointExpecting(endpoint, ...names),
}

const describe: Describe = (value) => {
  if (value instanceof Rule) return { $type: "Rule", rule: value.rule, endpoint: String(value.endpoint) }
  if (value instanceof RequestRedirect)
    return { $raises: "RequestRedirect", code: value.code ?? null, new_url: value.newUrl }
  if (value instanceof MethodNotAllowed) {
    const methods = value.validMethods ? { $set: [...value.validMethods] } : null
    return { $raises: "MethodNotAllowed", code: 405, valid_methods: methods }
  }
  return undefined
}

export const adapter: Adapter = {
  outcomes: ["created", "returns"],
  run(testCase) {
    let map: RuleMap
    let at: MapAdapter
    try {
      map = makeMap(testCase["map"] as JsonObject)
      at = bind(map, testCase)
    } catch (error) {
      return { created: error }
    }
    const call = operations[testCase["op"] as string]
    if (call === undefined) throw new Error(`There is no ${String(testCase["op"])}`)
    try {
      const args = ((testCase["args"] ?? []) as Json[]).map((argument) => read(argument))
      return { returns: call(at, args, readOptions(testCase["kwargs"]), map) }
    } catch (error) {
      return { returns: error }
    }
  },
  describe,
}
