// Rules made of rules: under a path, on a subdomain, with a prefix before their endpoints, or from a template.
// Each keeps every option of the rules that it wraps, and what the compiler knows of them.

import { withoutLastSlashes } from "../http/slashes.ts"
import type { Default, DefaultSpec, Facts, RuleSpec } from "./inference.ts"
import type { Rule, RuleFactory } from "./rule.ts"

type Rules = readonly RuleFactory[]
type SpecsOf<Wrapped extends Rules> = Wrapped[number]["~spec"]

/** A path without the slashes at its end. */
export type TrimSlash<Path extends string> = Path extends `${infer Rest}/` ? TrimSlash<Rest> : Path

type Mounted<Path extends string, Spec extends RuleSpec> = Spec extends RuleSpec
  ? Facts<`${TrimSlash<Path>}${Spec["path"]}`, Spec["domain"], Spec["endpoint"], Spec["defaults"]>
  : never

type OnSubdomain<Subdomain extends string, Spec extends RuleSpec> = Spec extends RuleSpec
  ? Facts<Spec["path"], Subdomain, Spec["endpoint"], Spec["defaults"]>
  : never

type Prefixed<Prefix extends string, Spec extends RuleSpec> = Spec extends RuleSpec
  ? Facts<
      Spec["path"],
      Spec["domain"],
      Spec["endpoint"] extends string ? `${Prefix}${Spec["endpoint"]}` : Spec["endpoint"],
      Spec["defaults"]
    >
  : never

/** Rules that are made by changing others. */
class ChangedRules<Spec extends RuleSpec> implements RuleFactory<Spec> {
  declare readonly "~spec": Spec
  readonly #rules: Rules
  readonly #change: (rule: Rule) => Rule

  constructor(rules: Rules, change: (rule: Rule) => Rule) {
    this.#rules = [...rules]
    this.#change = change
  }

  *getRules(): Iterable<Rule<Spec>> {
    for (const factory of this.#rules) {
      for (const rule of factory.getRules()) yield this.#change(rule) as Rule<Spec>
    }
  }
}

/**
 * The rules under a path. Slashes at its end are ignored.
 *
 * @throws TypeError for a path that is not empty and does not start with a slash
 */
export function submount<const Path extends string, const Wrapped extends Rules>(
  path: Path,
  rules: Wrapped,
): RuleFactory<Mounted<Path, SpecsOf<Wrapped>>> {
  if (path !== "" && !path.startsWith("/")) throw new TypeError(`A path starts with a slash: ${JSON.stringify(path)}`)
  const prefix = withoutLastSlashes(path)
  return new ChangedRules(rules, (rule) => rule.with({ rule: `${prefix}${rule.rule}` }))
}

/**
 * The rules on a subdomain, which may hold placeholders.
 */
export function subdomain<const Subdomain extends string, const Wrapped extends Rules>(
  subdomain: Subdomain,
  rules: Wrapped,
): RuleFactory<OnSubdomain<Subdomain, SpecsOf<Wrapped>>> {
  return new ChangedRules(rules, (rule) => rule.with({ subdomain }))
}

/**
 * The rules with a prefix before their endpoints, which are names.
 *
 * @throws TypeError, when the rules are added to a map, for an endpoint that is not a text
 */
export function endpointPrefix<const Prefix extends string, const Wrapped extends Rules>(
  prefix: Prefix,
  rules: Wrapped,
): RuleFactory<Prefixed<Prefix, SpecsOf<Wrapped>>> {
  return new ChangedRules(rules, (rule) => {
    if (typeof rule.endpoint !== "string") throw new TypeError(`An endpoint with a prefix is a text: ${rule}`)
    return rule.with({ endpoint: `${prefix}${rule.endpoint}` })
  })
}

// `$name` ends where a letter, digit or underscore no longer follows; `${name}` ends at its bracket.
// biome-ignore format: one line for each kind
type Letter =
  | "a" | "b" | "c" | "d" | "e" | "f" | "g" | "h" | "i" | "j" | "k" | "l" | "m" | "n" | "o" | "p" | "q" | "r" | "s" | "t" | "u" | "v" | "w" | "x" | "y" | "z"
  | "A" | "B" | "C" | "D" | "E" | "F" | "G" | "H" | "I" | "J" | "K" | "L" | "M" | "N" | "O" | "P" | "Q" | "R" | "S" | "T" | "U" | "V" | "W" | "X" | "Y" | "Z"
  | "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "_"

type TakeName<Text extends string, Name extends string = ""> = Text extends `${infer First}${infer Rest}`
  ? First extends Letter
    ? TakeName<Rest, `${Name}${First}`>
    : [Name, Text]
  : [Name, ""]

type Filled<Text extends string, Context, Done extends string = ""> = string extends Text
  ? string
  : Text extends `${infer Before}$${infer After}`
    ? After extends `{${infer Name}}${infer Rest}`
      ? Filled<Rest, Context, `${Done}${Before}${Word<Context, Name>}`>
      : TakeName<After> extends [infer Name extends string, infer Rest extends string]
        ? Filled<Rest, Context, `${Done}${Before}${Word<Context, Name>}`>
        : never
    : `${Done}${Text}`

type Word<Context, Name> = Name extends keyof Context
  ? Context[Name] extends infer Value extends string | number
    ? Value
    : string
  : string

type FilledDefault<Each extends DefaultSpec, Context> = Each extends DefaultSpec
  ? Default<Each["name"], Each["value"] extends string ? Filled<Each["value"], Context> : Each["value"]>
  : never

type FilledSpec<Spec extends RuleSpec, Context> = Spec extends RuleSpec
  ? Facts<
      Filled<Spec["path"], Context>,
      Filled<Spec["domain"], Context>,
      Spec["endpoint"] extends string ? Filled<Spec["endpoint"], Context> : Spec["endpoint"],
      FilledDefault<Spec["defaults"], Context>
    >
  : never

/** What a template is filled with. */
export type TemplateContext = Readonly<Record<string, string | number>>

/** A template: called with words it gives rules. */
export type RuleTemplate<Spec extends RuleSpec> = <const Context extends TemplateContext>(
  context: Context,
) => RuleFactory<FilledSpec<Spec, Context>>

/**
 * Rules with `$name` or `${name}` in them: in their text, subdomain, host, endpoint, target of a redirect, and in
 * defaults that are texts. The template is called with the words, and throws TypeError, when the rules are added to a
 * map, for a name without one.
 *
 *     const resource = ruleTemplate([rule("/$name/<int:id>", "$name.show")])
 *     new RuleMap([resource({ name: "user" }), resource({ name: "group" })])
 */
export function ruleTemplate<const Wrapped extends Rules>(rules: Wrapped): RuleTemplate<SpecsOf<Wrapped>> {
  return (context) => {
    const words = new Map(Object.entries(context))
    const fill = <T>(text: T): T => (typeof text === "string" ? (fillText(text, words) as T) : text)
    return new ChangedRules(rules, (rule) =>
      rule.with({
        rule: fill(rule.rule),
        subdomain: fill(rule.subdomain),
        host: fill(rule.host),
        endpoint: fill(rule.endpoint),
        redirectTo: fill(rule.redirectTo),
        defaults: Object.fromEntries([...rule.defaults].map(([name, value]) => [name, fill(value)])),
      }),
    )
  }
}

function fillText(text: string, words: ReadonlyMap<string, string | number>): string {
  return text.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (found: string, braced?: string, bare?: string) => {
    if (found === "$$") return "$"
    const word = words.get((braced ?? bare) as string)
    if (word === undefined) throw new TypeError(`The template ${JSON.stringify(text)} lacks a word for ${found}`)
    return String(word)
  })
}
